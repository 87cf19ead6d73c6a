import { PASSWORD } from '../../support/client.js';
import { readAll, sendRaw } from '../../support/raw-http.js';
import { TestServer } from '../../support/server.js';

/** Pipelined requests behind a slow one cost other clients neither memory nor time (attack: framing; ASVS 13.1.2). */
let server: TestServer;
afterEach(() => server.stop());

const GET = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n';
const LAST = 'GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/** A login. Requests behind it wait while it hashes. */
function slowRequest(): string {
  const body = JSON.stringify({ username: 'nobody', password: PASSWORD });
  const headers = `Host: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  return `POST /auth/login HTTP/1.1\r\n${headers}\r\n\r\n${body}`;
}

const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
const handled = () => server.log.filter(({ msg, path }) => msg === 'request' && path === '/health/live').length;

test('closes the connection instead of starting a thousand requests behind a slow one [ASVS 13.1.2]', async () => {
  server = await TestServer.start({ BCRYPT_COST: '12' });
  const answers = await readAll(server.client.url, slowRequest() + GET.repeat(1000) + LAST);
  expect(statuses(answers).length).toBeLessThanOrEqual(17);
  // When this response arrives, every started request would be in the log.
  expect((await server.client.post('/auth/login', { body: { username: 'nobody', password: PASSWORD } })).status).toBe(
    401,
  );
  expect(handled()).toBeLessThanOrEqual(16);
});

test('also counts requests that arrive one by one behind a slow one', async () => {
  server = await TestServer.start({ BCRYPT_COST: '12' });
  const answers = await readAll(server.client.url, slowRequest() + GET.repeat(10), [GET.repeat(5), GET, GET + LAST]);
  expect(statuses(answers)).toEqual([]);
});

test('responds to sixteen pipelined requests in order, repeatedly', async () => {
  server = await TestServer.start();
  const answers = await readAll(server.client.url, slowRequest() + GET.repeat(14) + LAST);
  expect(statuses(answers)).toEqual([401, ...Array<number>(15).fill(200)]);
});

test('responds with 429 to the request over the limit per address and closes the connection', async () => {
  server = await TestServer.start({ RATE_LIMIT: 'on', LIMIT_REQUESTS: '5/1m' });
  const answers = await readAll(server.client.url, GET.repeat(10) + LAST);
  expect(statuses(answers)).toEqual([200, 200, 200, 200, 200, 429]);
  expect((await sendRaw(server.client.url, GET)).headers).toMatchObject({ connection: 'close' });
});
