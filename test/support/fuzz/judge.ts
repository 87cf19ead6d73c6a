import type { ApiDocument, FuzzRequest } from './requests.js';

export interface FuzzAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  milliseconds: number;
}

/** Internals that no response may reveal: stacks, files, SQL, names of classes and libraries. */
const INTERNALS = [
  /\bat \S+ ?\(?\S*:\d+:\d+/,
  /node_modules|\/(?:src|dist|home|usr|tmp|var)\/|\.[mc]?[jt]s\b:?\d*/,
  /\b(?:select|insert|update|delete)\b.+\b(?:from|into|set|where)\b/i,
  /\b(?:relation|column|constraint) "|duplicate key|syntax error|violates/i,
  /\w(?:Error|Exception)\b|typeorm|fastify|nestjs|pglite|postgres|passport|bcrypt|FST_|ECONN|errno/i,
];

const ON_EVERY_ANSWER = ['content-security-policy', 'x-content-type-options', 'referrer-policy', 'x-request-id'];

/** Bodies are checked before the router knows whether the operation accepts one. */
const OF_ANY_ADDRESS = ['not_found', 'method_not_allowed', 'body_too_large', 'unsupported_media_type'];

/** Lists the faults of a response; empty if it is correct. */
export class Judge {
  readonly #document: ApiDocument;
  /** Texts that no response may contain. */
  readonly #secrets: string[];

  constructor(document: ApiDocument, secrets: string[]) {
    this.#document = document;
    this.#secrets = secrets;
  }

  faults(request: FuzzRequest, answer: FuzzAnswer): string[] {
    const faults: string[] = [];
    if (answer.status >= 500) faults.push(`a status of ${answer.status}`);
    for (const secret of this.#secrets) if (answer.text.includes(secret)) faults.push('a secret in the answer');
    for (const name of ON_EVERY_ANSWER) if (answer.headers[name] === undefined) faults.push(`no ${name}`);
    if (answer.status >= 400 && request.method !== 'HEAD') faults.push(...this.#faultsOfProblem(request, answer));
    return faults;
  }

  #faultsOfProblem(request: FuzzRequest, { status, headers, text }: FuzzAnswer): string[] {
    if (headers['content-type'] !== 'application/problem+json; charset=utf-8') return ['a refusal that is no problem'];
    const problem = JSON.parse(text) as { code: string; status: number; errors?: { pointer?: string }[] };
    const faults = problem.status === status ? [] : ['a problem of another status'];
    if (!this.#documented(request).has(problem.code)) faults.push(`${problem.code}, which is not documented there`);
    // Pointers repeat input of the client.
    const own = JSON.stringify({ ...problem, errors: problem.errors?.map(({ pointer: _, ...fault }) => fault) });
    faults.push(...INTERNALS.filter((internal) => internal.test(own)).map((internal) => `${internal} in the answer`));
    return faults;
  }

  /** The documented codes of the path, which may be that of other operations with a parameter too, and those of any path. */
  #documented({ operation }: FuzzRequest): Set<string> {
    const path = operation.split(' ')[1] as string;
    const operations = Object.entries(this.#document.paths)
      .filter(([template]) => template === path || isInstance(path, template))
      .flatMap(([, methods]) => Object.values(methods));
    const documented = operations.flatMap(({ responses }) =>
      Object.values(responses).flatMap(({ content }) =>
        Object.keys(content?.['application/problem+json']?.examples ?? {}),
      ),
    );
    return new Set([...documented, ...OF_ANY_ADDRESS]);
  }
}

/** Whether a path is one of a template: `/passkeys/options` of `/passkeys/{id}`. */
function isInstance(path: string, template: string): boolean {
  const parts = template.split('/');
  const given = path.split('/');
  return given.length === parts.length && parts.every((part, index) => part.startsWith('{') || part === given[index]);
}
