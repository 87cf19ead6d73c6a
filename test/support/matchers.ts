import type { Answer } from './client.js';

/** Expects a problem (RFC 9457) with this status and code. */
export function expectProblem(answer: Answer<unknown>, status: number, code: string): void {
  const { errors, error } = answer.body as { errors?: unknown; error?: unknown };
  expect({ status: answer.status, body: answer.body }).toEqual({
    status,
    body: {
      type: `/docs/errors#${code}`,
      title: expect.stringMatching(/\S/),
      status,
      // Complete: no placeholder is left, and none had no value.
      detail: expect.stringMatching(/^(?!.*([{}]|undefined)).*\S/),
      code,
      request_id: answer.headers.get('x-request-id'),
      ...(errors === undefined ? {} : { errors: expect.any(Array) }),
      ...(error === undefined ? {} : { error: expect.any(String) }),
    },
  });
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  if (status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="portero"/);
  if (status === 429 || status === 503) {
    const seconds = answer.headers.get('retry-after');
    expect(seconds).toMatch(/^\d+$/);
    expect((answer.body as { detail: string }).detail).toContain(`${seconds} s`);
  }
}

/** Expects `validation_failed` with exactly these faults, each a pointer and a code. */
export function expectFaults(answer: Answer<unknown>, ...faults: [pointer: string, code: string][]): void {
  expectProblem(answer, 400, 'validation_failed');
  const { errors } = answer.body as { errors: { pointer: string; code: string }[] };
  expect(errors.map(({ pointer, code }) => [pointer, code])).toEqual(faults);
}
