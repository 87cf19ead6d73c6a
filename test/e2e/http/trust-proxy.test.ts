import { type Answer, PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** `TRUST_PROXY`: the client address of a request; attack rows "limiter evasion" and "host poisoning". */
let server: TestServer;
afterEach(() => server.stop());

const start = async (settings: Record<string, string> = {}) => {
  server = await TestServer.start({ RATE_LIMIT: 'on', LIMIT_REFRESHES: '3/1h', ...settings });
};

/** The responses of a route limited to three calls per address, called from there. */
const from = (forwarded: string, headers: Record<string, string> = {}) =>
  server.client.post('/refresh', { headers: { 'X-Forwarded-For': forwarded, ...headers } });
const expectTooMany = (answer: Answer) => expectProblem(answer, 429, 'too_many_requests');
const lastAddress = () => server.log.filter(({ msg }) => msg === 'request').at(-1)?.ip;
const warnings = () => server.log.filter(({ msg }) => /forwarding header was ignored/.test(String(msg)));

test('without TRUST_PROXY, ignores a forwarded address and logs that once [ASVS 4.1.3] [attack: limiter evasion]', async () => {
  await start();
  for (const address of ['203.0.113.1', '203.0.113.2', '203.0.113.3']) expect((await from(address)).status).toBe(401);
  expectTooMany(await from('203.0.113.4', { Forwarded: 'for=203.0.113.4' }));
  expect(lastAddress()).toBe('127.0.0.1');
  expect(warnings()).toEqual([expect.objectContaining({ level: 'warn', ip: '127.0.0.1' })]);
});

test.each(['127.0.0.0/8', '127.0.0.1', '10.0.0.0/8, 127.0.0.1', '1'])(
  'with TRUST_PROXY=%s, uses the forwarded address as the client address [ASVS 15.3.4]',
  async (trust) => {
    await start({ TRUST_PROXY: trust });
    for (let n = 0; n < 3; n++) expect((await from('203.0.113.1')).status).toBe(401);
    expectTooMany(await from('203.0.113.1'));
    expect((await from('203.0.113.2')).status).toBe(401);
    expect(lastAddress()).toBe('203.0.113.2');
    expect(warnings()).toEqual([]);
  },
);

test('uses only the trusted part of a chain, because clients can forge the rest [ASVS 4.1.3]', async () => {
  await start({ TRUST_PROXY: '127.0.0.1,10.0.0.0/8' });
  for (const forged of ['198.51.100.1', '198.51.100.2', 'unknown']) {
    expect((await from(`${forged}, 203.0.113.1, 10.0.0.7`)).status).toBe(401);
    expect(lastAddress()).toBe('203.0.113.1');
  }
  expectTooMany(await from('198.51.100.4, 203.0.113.1'));
  expectTooMany(await from('203.0.113.1:51000'));
});

test('with a hop count, skips the addresses of exactly that many proxies', async () => {
  await start({ TRUST_PROXY: '2' });
  await from('198.51.100.1, 203.0.113.1, 10.0.0.7');
  expect(lastAddress()).toBe('203.0.113.1');
});

test('ignores forwarding headers from an untrusted proxy', async () => {
  await start({ TRUST_PROXY: '10.0.0.0/8' });
  await from('203.0.113.1');
  expect(lastAddress()).toBe('127.0.0.1');
  expect(warnings()).toHaveLength(1);
});

test('identifies an IPv6 client by its /64, and an IPv4 client by its address in any notation [ASVS 15.3.4] [attack: limiter evasion]', async () => {
  await start({ TRUST_PROXY: '127.0.0.1' });
  for (const address of ['2001:db8:1:2::1', '2001:db8:1:2:ffff::', '[2001:db8:1:2::9]:443']) {
    expect((await from(address)).status).toBe(401);
  }
  expectTooMany(await from('2001:DB8:0001:2:0:0:0:77'));
  expect((await from('2001:db8:1:3::1')).status).toBe(401);
  for (const address of ['203.0.113.5', '::ffff:203.0.113.5', '::ffff:cb00:7105']) {
    expect((await from(address)).status).toBe(401);
  }
  expectTooMany(await from('0:0:0:0:0:FFFF:203.0.113.5'));
});

test('ignores X-Forwarded-Host and -Proto, even from a trusted proxy [attack: host poisoning]', async () => {
  await start({ TRUST_PROXY: '127.0.0.1' });
  const forged = { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '203.0.113.9' };
  const registered = await server.client.post('/register', {
    headers: forged,
    body: { username: 'ana', password: PASSWORD },
  });
  expect(registered.headers.get('location')).toBe('/users/me');
  for (const path of ['/openapi.json', '/docs', '/nowhere', '/.well-known/jwks.json']) {
    const plain = await server.client.get(path);
    const { text, headers } = await server.client.get(path, { headers: forged });
    expect(text.replace(/"request_id":"[^"]+"/, '')).toBe(plain.text.replace(/"request_id":"[^"]+"/, ''));
    expect(headers.get('strict-transport-security')).toBeNull();
    expect(`${text}${JSON.stringify([...headers])}`).not.toContain('evil.example');
  }
});
