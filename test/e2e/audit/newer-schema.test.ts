import { DataSource } from 'typeorm';
import { TestServer } from '../../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

test('records events in a table to which a newer release has added a required column with a default', async () => {
  const sql = (text: string) => server.get(DataSource).query(text);
  await sql(`ALTER TABLE audit_events ADD COLUMN added_later text NOT NULL DEFAULT 'the default'`);
  const { access_token } = await server.client.signUp('ana');
  expect((await server.client.post('/logout', { token: access_token })).status).toBe(204);
  expect(await sql('SELECT type, added_later FROM audit_events ORDER BY id')).toEqual(
    expect.arrayContaining(['registered', 'login', 'logout'].map((type) => ({ type, added_later: 'the default' }))),
  );
});
