import { DataSource } from 'typeorm';
import { Clock } from '../../../src/clock/clock.js';
import { ClientRegistry } from '../../../src/oauth/client-registry.js';
import { TestServer } from '../../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const introspect = (id: string, secret: string) =>
  server.client.post('/oauth/introspect', {
    body: 'token=x',
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
    },
  });

test('lets only a registered service introspect tokens', async () => {
  const { client, secret } = await new ClientRegistry(server.get(DataSource).manager, new Clock()).create('shop');
  const good = await introspect(client.id, secret);
  expect([good.status, good.body]).toEqual([200, { active: false }]);
  for (const [id, given] of [
    [client.id, 'wrong'],
    ['a', 'b'],
    ['', ''],
  ] as const) {
    expect((await introspect(id, given)).status).toBe(401);
  }
});
