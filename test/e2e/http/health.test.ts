import { DataSource } from 'typeorm';
import { PASSWORD } from '../../support/client.js';
import { administer } from '../../support/engine.js';
import { expectProblem } from '../../support/matchers.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { TestServer } from '../../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

test('live and ready respond with 200 while the database is available', async () => {
  for (const path of ['/health/live', '/health/ready']) {
    const { status, body } = await server.client.get(path);
    expect([status, body]).toEqual([200, { status: 'ok' }]);
  }
});

test('is not ready while the schema that this release needs is missing', async () => {
  const database = server.get(DataSource);
  const [last] = await database
    .query('DELETE FROM migrations WHERE timestamp = (SELECT max(timestamp) FROM migrations) RETURNING name, timestamp')
    .then(([rows]) => rows);
  expectProblem(await server.client.get('/health/ready'), 503, 'unavailable');
  await database.query('INSERT INTO migrations (name, timestamp) VALUES ($1, $2)', [last.name, last.timestamp]);
  expect((await server.client.get('/health/ready')).status).toBe(200);
});

testOnPostgres('the readiness check does not wait for the queries of requests', async () => {
  const database = server.get(DataSource);
  const runners = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const runner = database.createQueryRunner();
      await runner.connect();
      return runner;
    }),
  );
  try {
    expect((await server.client.get('/health/ready')).status).toBe(200);
  } finally {
    await Promise.all(runners.map((runner) => runner.release()));
  }
});

testOnPostgres(
  'while the database is unavailable, is live but not ready and responds with 503, then recovers without a restart [ASVS 16.5.2]',
  async () => {
    const name = new URL(server.config.databaseUrl as string).pathname.slice(1);
    const tokens = await server.client.signUp('ana');
    await administer(
      `ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
    );
    try {
      expect((await server.client.get('/health/live')).status).toBe(200);
      expectProblem(await server.client.get('/health/ready'), 503, 'unavailable');
      expectProblem(await server.client.refresh(tokens.refresh_token), 503, 'unavailable');
      const login = { username: 'ana', password: 'x' };
      expectProblem(await server.client.post('/login', { body: login }), 503, 'unavailable');
      expectProblem(await server.client.post('/logout', { token: tokens.access_token }), 503, 'unavailable');
      expect((await server.client.get('/protected', { token: tokens.access_token })).status).toBe(200);
    } finally {
      await administer(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`);
    }
    expect((await server.client.get('/health/ready')).status).toBe(200);
    expect((await server.client.refresh(tokens.refresh_token)).status).toBe(200);
  },
);

testOnPostgres(
  'responds with 503 and keeps running if database connections are cut while opening or in use [attack: fail open]',
  async () => {
    const name = new URL(server.config.databaseUrl as string).pathname.slice(1);
    await server.client.signUp('berta');
    for (let round = 0; round < 15; round++) {
      await server.restart();
      const login = { username: 'berta', password: PASSWORD };
      const answers = Array.from({ length: 40 }, () => server.client.post('/login', { body: login }));
      await new Promise((resolve) => setTimeout(resolve, round * 3));
      await administer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
      for (const { status } of await Promise.all(answers)) expect([200, 503]).toContain(status);
      expect((await server.client.get('/health/ready')).status).toBe(200);
    }
  },
);
