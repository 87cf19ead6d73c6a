import { ModulesContainer } from '@nestjs/core';
import { PASSWORD } from '../../support/client.js';
import { expectFaults } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** Each route validates its body with its own pipe, independently of guards and rate limits. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

/** In place of the parameters of paths. */
const ID = '01981f0e-9f21-7d3e-8a60-5b7c1d2e3f40';

interface Operation {
  requestBody?: { content: Record<string, unknown> };
}

/** Method and path of every route that accepts a JSON body. */
async function routesWithBody(): Promise<[method: string, path: string][]> {
  const { body } = await server.client.get<{ paths: Record<string, Record<string, Operation>> }>('/openapi.json');
  return Object.entries(body.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { requestBody }]) => requestBody?.content['application/json'] !== undefined)
      .map(([method]): [string, string] => [method.toUpperCase(), path.replace('{id}', ID)]),
  );
}

const GUARDS = '__guards__';

/** Removes the guards of every handler and controller. @returns functions that restore them, one for each */
function removeGuards(): (() => void)[] {
  const undo: (() => void)[] = [];
  const remove = (target: object) => {
    const guards: unknown = Reflect.getMetadata(GUARDS, target);
    if (guards === undefined) return;
    Reflect.deleteMetadata(GUARDS, target);
    undo.push(() => Reflect.defineMetadata(GUARDS, guards, target));
  };
  for (const { controllers } of server
    .get(ModulesContainer as never as abstract new () => Map<string, Module>)
    .values()) {
    for (const { metatype } of controllers.values()) {
      if (typeof metatype !== 'function') continue;
      remove(metatype);
      for (const name of Object.getOwnPropertyNames(metatype.prototype)) remove(metatype.prototype[name]);
    }
  }
  return undo;
}

interface Module {
  controllers: Map<unknown, { metatype: unknown }>;
}

test('every route with a JSON body rejects an unknown member, with its guards and without', async () => {
  const routes = await routesWithBody();
  expect(routes.length).toBeGreaterThanOrEqual(10);
  const { access_token: token } = await server.client.signUp('ana');
  const check = async () => {
    for (const [method, path] of routes) {
      const answer = await server.client.call(method, path, { token, body: { surprise: true } });
      expectFaults(answer, ['/surprise', 'unknown_member']);
    }
  };
  await check();
  // Suites share the modules of src.
  const undo = removeGuards();
  try {
    expect(undo.length).toBeGreaterThanOrEqual(4);
    await server.restart();
    await check();
    const wrong = await server.client.post('/auth/login', { body: { username: 'ana', password: [PASSWORD] } });
    expectFaults(wrong, ['/password', 'not_a_string']);
  } finally {
    for (const giveBack of undo) giveBack();
  }
});
