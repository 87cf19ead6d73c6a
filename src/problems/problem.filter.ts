import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuthError } from './auth-error.js';
import {
  BodyTooLarge,
  InternalError,
  MalformedRequest,
  NotFound,
  PreconditionFailed,
  RangeNotSatisfiable,
  UnsupportedMediaType,
} from './http.errors.js';
import { negotiateLanguage } from './language.js';
import { describeProblem, oauthErrorCode, problemHeaders } from './problem.js';

/** Converts an error of a library. Returns undefined if it does not know the error; the next translator is then tried. */
export type ErrorTranslator = (error: unknown, request: FastifyRequest) => AuthError | undefined;

/**
 * Responds to all errors with problem details (RFC 9457). Unknown errors, and errors of the filter itself, are logged and
 * become `internal_error`.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger(ProblemFilter.name);
  readonly #translators: readonly ErrorTranslator[];
  /** Built in advance, so that it can be sent even if building a response fails. */
  readonly #lastResort = {
    headers: problemHeaders(new InternalError(), 'en'),
    body: describeProblem(new InternalError(), '', 'en'),
  };

  /**
   * Called for a request that is refused with a 4xx status. A returned error replaces that one, for example if the address is
   * over its limit.
   */
  replace: (request: FastifyRequest) => AuthError | undefined = () => undefined;

  /** The page that shows an error, with its headers. Returns undefined for requests that are not for a page. */
  page: (error: AuthError, request: FastifyRequest) => { html: string; headers: Record<string, string> } | undefined =
    () => undefined;

  /** @param translators tried in this order, before the one for errors of the framework */
  constructor(...translators: ErrorTranslator[]) {
    this.#translators = [...translators, fromFramework];
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.respond(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  /** Also used for errors in Fastify before a route runs. Never throws. */
  respond(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    try {
      const error = this.#toAuthError(thrown, request);
      const replacement = error.kind.status < 500 ? this.replace(request) : undefined;
      this.#send(replacement ?? error, request, reply);
    } catch (fault) {
      this.#giveUp(fault, request, reply);
    }
  }

  #send(error: AuthError, request: FastifyRequest, reply: FastifyReply): void {
    if (error.kind.status >= 500) {
      this.#logger.error({ msg: error.kind.code, err: error.cause ?? error, request_id: request.id });
    }
    if (reply.sent || reply.raw.headersSent) return;
    const language = negotiateLanguage(request.headers['accept-language']);
    reply.code(error.kind.status).headers(problemHeaders(error, language));
    const page = this.page(error, request);
    if (page !== undefined) {
      reply.headers(page.headers).send(page.html);
      return;
    }
    reply.send(JSON.stringify({ ...describeProblem(error, request.id, language), ...oauthMembers(error, request) }));
  }

  /** Sends the prepared 500 response. Closes the connection if that fails too. */
  #giveUp(fault: unknown, request: FastifyRequest, reply: FastifyReply): void {
    try {
      this.#logger.error({ msg: 'the response to an error failed', err: fault, request_id: request.id });
      if (reply.sent || reply.raw.headersSent) return;
      const { headers, body } = this.#lastResort;
      reply
        .code(body.status)
        .headers(headers)
        .send(JSON.stringify({ ...body, request_id: request.id }));
    } catch {
      reply.raw.destroy();
    }
  }

  #toAuthError(thrown: unknown, request: FastifyRequest): AuthError {
    if (thrown instanceof AuthError) return thrown;
    for (const translate of this.#translators) {
      const error = translate(thrown, request);
      if (error) return error;
    }
    return new InternalError({ cause: thrown });
  }
}

/** Clients of the OAuth endpoints read the member `error` (RFC 6749 §5.2). */
function oauthMembers({ kind }: AuthError, { url }: FastifyRequest): { error?: string } {
  return url.startsWith('/oauth/') ? { error: oauthErrorCode(kind) } : {};
}

const BY_STATUS = {
  400: MalformedRequest,
  403: NotFound,
  404: NotFound,
  412: PreconditionFailed,
  413: BodyTooLarge,
  414: NotFound,
  415: UnsupportedMediaType,
  416: RangeNotSatisfiable,
};

/** Converts the errors of Fastify's parsers and static files, and of Nest's router. */
function fromFramework(thrown: unknown): AuthError | undefined {
  const status =
    thrown instanceof HttpException ? thrown.getStatus() : (thrown as { statusCode?: unknown })?.statusCode;
  const Kind = BY_STATUS[status as keyof typeof BY_STATUS];
  if (Kind) return new Kind({ cause: thrown, headers: contentRange(thrown) });
  // The client disconnected while sending its body. It gets no response; the request log shows the status.
  return (thrown as Error)?.message === 'aborted' ? new MalformedRequest({ cause: thrown }) : undefined;
}

/** The length of a file if the requested range is not satisfiable (RFC 9110 §15.5.17). Nest wraps the error that has it. */
function contentRange(thrown: unknown): Record<string, string> {
  const { headers } = ((thrown instanceof HttpException ? thrown.cause : thrown) ?? {}) as {
    headers?: Record<string, string>;
  };
  const length = headers?.['Content-Range'];
  return length === undefined ? {} : { 'Content-Range': length };
}
