import { Logger } from '@nestjs/common';
import { createHttpServer } from '../../src/http/http-server.js';
import { MethodNotAllowed } from '../../src/problems/http.errors.js';
import { type ErrorTranslator, ProblemFilter } from '../../src/problems/problem.filter.js';

Logger.overrideLogger(false);

/** The response of a server whose only route throws `thrown`, or nothing if the connection was closed. */
async function answer(thrown: unknown, ...translators: ErrorTranslator[]) {
  const problems = new ProblemFilter(...translators);
  const adapter = createHttpServer({
    https: false,
    problems,
    requests: { check: () => undefined, count: () => undefined },
    corsOrigins: [],
    maxConnections: 10,
    logRequests: false,
  });
  const fastify = adapter.getInstance();
  fastify.get('/', (request, reply) => problems.respond(thrown, request, reply));
  const url = await fastify.listen({ port: 0, host: '127.0.0.1' });
  try {
    const response = await fetch(url);
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  } catch {
    return undefined;
  } finally {
    await fastify.close();
  }
}

const INTERNAL = { status: 500, type: 'application/problem+json; charset=utf-8' };
const broken = () => {
  throw new Error('a detail that nobody may see');
};

test('an unknown error is a 500 problem without its message', async () => {
  const { text = '', ...rest } = (await answer(new Error('a detail that nobody may see'))) ?? {};
  expect(rest).toEqual(INTERNAL);
  expect(JSON.parse(text)).toMatchObject({ code: 'internal_error', status: 500, request_id: expect.any(String) });
  expect(text).not.toContain('nobody may see');
});

test('a translator that throws leads to a 500 problem without its message', async () => {
  const { text = '', ...rest } = (await answer(new Error('x'), broken)) ?? {};
  expect(rest).toEqual(INTERNAL);
  expect(JSON.parse(text)).toMatchObject({ code: 'internal_error', status: 500, request_id: expect.any(String) });
  expect(text).not.toContain('nobody may see');
});

test('an error that cannot be described is a 500 problem too', async () => {
  const error = Object.defineProperty(new MethodNotAllowed(), 'headers', { get: broken });
  const { text = '', ...rest } = (await answer(error)) ?? {};
  expect(rest).toEqual(INTERNAL);
  expect(text).not.toContain('nobody may see');
});

test('calls translators in order and uses the first result', async () => {
  const first: ErrorTranslator = (thrown) => (thrown === 'known' ? new MethodNotAllowed() : undefined);
  expect(await answer('known', () => undefined, first, broken)).toMatchObject({ status: 405 });
});

test('closes the connection if no response can be sent', async () => {
  const closed: string[] = [];
  const problems = new ProblemFilter();
  const reply = { sent: false, raw: { headersSent: false, destroy: () => void closed.push('closed') }, code: broken };
  problems.respond(new Error('x'), { id: '1', headers: {} } as never, reply as never);
  expect(closed).toEqual(['closed']);
});
