import { readFileSync } from 'node:fs';
import { DataSource } from 'typeorm';
import { wrapFlaskSecurity } from '../../../src/passwords/formats/flask-security.js';
import { PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

interface Vector {
  format: string;
  password: string;
  hash: string;
  salt?: string;
}

/** Hashes made by real programs: each one works for login, which replaces it by a hash of our own. */
const vectors = JSON.parse(readFileSync('test/vectors/foreign-hashes.json', 'utf8')) as Vector[];
const formats = [...new Set(vectors.map(({ format }) => format))];

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ HASH_CONCURRENCY: '2', HASH_QUEUE_TIMEOUT: '1m' });
});
afterAll(() => server.stop());

test.each(formats)(
  '%s: logs in with the imported hash, then with our own hash, and never with a wrong password',
  async (format) => {
    const own = vectors.filter((vector) => vector.format === format).slice(0, 3);
    for (const [index, { password, hash, salt }] of own.entries()) {
      const username = `${format}-${index}`;
      await server.client.post('/register', { body: { username, password: PASSWORD } });
      const stored = salt === undefined ? hash : wrapFlaskSecurity(salt, hash);
      const database = server.get(DataSource);
      await database.query('UPDATE users SET password_hash = $2 WHERE username = $1', [username, stored]);
      const logIn = (typed: string) => server.client.post('/login', { body: { username, password: typed } });
      const read = async () =>
        (await database.query('SELECT password_hash FROM users WHERE username = $1', [username]))[0].password_hash;

      expectProblem(await logIn(`x${password}`), 401, 'invalid_credentials');
      expect(await read()).toBe(stored);
      expect((await logIn(password)).status).toBe(200);
      const replaced = await read();
      expect(replaced).toMatch(/^\$portero-bcrypt\$/);
      expect((await logIn(password)).status).toBe(200);
      expect(await read()).toBe(replaced);
      expectProblem(await logIn(`x${password}`), 401, 'invalid_credentials');
    }
  },
  60_000,
);
