import { Controller, Get, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, type Principal } from '../http/principal.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { LIMIT_HEADERS } from '../rate-limits/limit-headers.js';
import { CsrfFailed } from '../sessions/session.errors.js';
import { CSRF_HEADER } from './access/csrf.controller.js';

const text = (description: string, example: string) => ({
  description,
  schema: { type: 'string' as const, examples: [example] },
});
const ID = '01981f0e-6d3a-7c55-b1a4-0a2f0c9be001';

/** Forward authentication: reverse proxies verify each request before they forward it. */
@ApiTags('Service')
@Controller('auth/verify')
export class VerifyController {
  @Get()
  @RouteConfig({ limit: 'verifications', forwarded: true })
  @ApiOperation({
    summary: 'Verify a forwarded request',
    description:
      'For reverse proxies (nginx `auth_request`, Caddy `forward_auth`, Traefik `forwardAuth`), which pass the response headers on to the backend. With a session cookie, `X-CSRF-Token`, `Origin` and `Sec-Fetch-Site` are checked as `X-Forwarded-Method` requires.',
    operationId: 'verify',
  })
  @ApiHeader({
    name: 'X-Forwarded-Method',
    required: false,
    description: 'The method of the original request. Without it, `GET` is assumed.',
  })
  @ApiHeader(CSRF_HEADER)
  @ApiOkResponse({
    description: 'The token or cookie is valid. There is no body.',
    headers: {
      'X-Auth-User': text('The user id.', ID),
      'X-Auth-Name': text(
        'The username, else the email, percent-encoded as UTF-8 except for `@`.',
        'sofia@example.com',
      ),
      'X-Auth-Session': text('The session id.', ID),
      ...LIMIT_HEADERS,
    },
  })
  @ApiProblems(CsrfFailed)
  verify(
    @CurrentPrincipal() { userId, name, sessionId }: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): void {
    reply.headers({ 'X-Auth-User': userId, 'X-Auth-Name': encodeName(name), 'X-Auth-Session': sessionId });
  }
}

/** Percent-encoding (RFC 3986 §2.1), because header fields are ASCII. `@` is safe there and keeps addresses readable. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replaceAll('%40', '@');
}
