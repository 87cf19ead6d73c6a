import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, PASSWORD } from '../../support/client.js';
import { codeBlock } from '../../support/code-blocks.js';
import { cookieSession } from '../../support/cookie-session.js';
import { testWithProgram } from '../../support/on-engine.js';
import { freePort, OtherProgram } from '../../support/other-program.js';
import { caddy, nginx, type ReverseProxy } from '../../support/reverse-proxy.js';
import { TestServer } from '../../support/server.js';

/** docs/forward-auth.md: its configurations, with only the ports replaced, before a real server and a backend. */
interface Received {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

let folder: string;
let backend: Server;
let received: Received[];
let server: TestServer;
let proxy: Client;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portero-proxy-'));
  received = [];
  backend = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method = '', url = '', headers } = request;
    received.push({ method, url, headers, body });
    response.end('"from the backend"');
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
});
afterEach(async () => {
  await OtherProgram.stopAll();
  backend.close();
  backend.closeAllConnections();
  await server?.stop();
  rmSync(folder, { recursive: true });
});

/** Starts a server, and before it a proxy with the configuration of the page. */
async function start(reverseProxy: ReverseProxy, part: string): Promise<void> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  server = await TestServer.start({ PUBLIC_URL: url, TRUST_PROXY: '127.0.0.1' });
  const ports = { ':3000': new URL(server.client.url).port, ':8000': (backend.address() as AddressInfo).port };
  const config = codeBlock('docs/forward-auth.md', part)
    .replaceAll(/127\.0\.0\.1(:3000|:8000)/g, (_, known: keyof typeof ports) => `127.0.0.1:${ports[known]}`)
    .replace(/^:80 /m, `:${port} `)
    .replace('listen 80;', `listen 127.0.0.1:${port};`);
  await OtherProgram.start(reverseProxy.configure(folder, config), { port, cwd: folder, env: { HOME: folder } });
  proxy = new Client(url);
}

describe.each([
  ['nginx', nginx, 'auth_request /verify'],
  ['Caddy', caddy, 'forward_auth'],
] as const)('behind %s with the configuration of the page', (_, reverseProxy, part) => {
  const testBehind = testWithProgram(reverseProxy.isThere, reverseProxy.reason);

  testBehind('a session reaches the backend with the id and name of its user, until the logout', async () => {
    await start(reverseProxy, part);
    await proxy.post('/auth/register', { body: { username: 'José', password: PASSWORD } });
    const session = await cookieSession(proxy, 'José');
    const { body: me } = await server.client.get<{ id: string }>('/users/me', session);
    const answer = await proxy.get('/api/things?page=2', session);
    expect([answer.status, answer.body]).toEqual([200, 'from the backend']);
    expect(received).toEqual([
      expect.objectContaining({
        method: 'GET',
        url: '/api/things?page=2',
        headers: expect.objectContaining({
          'x-auth-user': me.id,
          'x-auth-name': 'Jos%C3%A9',
          'x-auth-session': expect.stringMatching(/^[0-9a-f-]{36}$/),
        }),
      }),
    ]);
    expect((await proxy.post('/auth/logout', session)).status).toBe(204);
    expect((await proxy.get('/api/things', session)).status).toBe(401);
    expect(received).toHaveLength(1);
  });

  testBehind('a request without a session is 401 and does not reach the backend', async () => {
    await start(reverseProxy, part);
    for (const headers of [{}, { Cookie: 'portero=forged' }, { Authorization: 'Bearer x' }, { 'X-Auth-User': 'ana' }]) {
      expect((await proxy.get('/api/things', { headers: headers as Record<string, string> })).status).toBe(401);
    }
    expect(received).toEqual([]);
  });

  testBehind('an access token reaches the backend without a CSRF token', async () => {
    await start(reverseProxy, part);
    const { access_token: token } = await proxy.signUp('ana');
    expect((await proxy.post('/api/things', { token, body: { name: 'thing' } })).status).toBe(200);
    expect(received[0]).toMatchObject({ method: 'POST', body: '{"name":"thing"}', headers: { 'x-auth-name': 'ana' } });
  });

  testBehind('the X-Auth headers of a client are overwritten [attack: identity from the body]', async () => {
    await start(reverseProxy, part);
    await proxy.post('/auth/register', { body: { username: 'ana', password: PASSWORD } });
    const { headers } = await cookieSession(proxy, 'ana');
    const invented: Record<string, string> = { 'X-Auth-Other': 'admin', 'X-Forwarded-Method': 'GET' };
    for (const part of ['User', 'Name', 'Session']) {
      Object.assign(invented, {
        [`X-Auth-${part}`]: 'admin',
        [`x-auth-${part}`]: 'admin',
        [`X_Auth_${part}`]: 'admin',
      });
    }
    expect((await proxy.get('/api/things', { headers: { ...headers, ...invented } })).status).toBe(200);
    const { headers: seen } = received[0] as Received;
    const ofNames = Object.entries(seen).filter(([header]) => /^x[-_]auth[-_](user|name|session)$/.test(header));
    expect(ofNames.map(([header]) => header).sort()).toEqual(['x-auth-name', 'x-auth-session', 'x-auth-user']);
    expect(ofNames.filter(([, value]) => /admin/.test(String(value)))).toEqual([]);
    // An invented method does not avoid the CSRF token either.
    const forged = { Cookie: headers.Cookie, 'X-Forwarded-Method': 'GET' };
    expect((await proxy.post('/api/things', { body: {}, headers: forged })).status).toBe(403);
  });

  testBehind('a POST needs the CSRF token and an own origin, and arrives with its body [attack: CSRF]', async () => {
    await start(reverseProxy, part);
    await proxy.post('/auth/register', { body: { username: 'ana', password: PASSWORD } });
    const { headers } = await cookieSession(proxy, 'ana');
    const { Cookie } = headers;
    const post = (own: Record<string, string>) => proxy.post('/api/things', { body: { name: 'thing' }, headers: own });
    expect((await post({ Cookie })).status).toBe(403);
    expect((await post({ ...headers, Origin: 'https://other.example' })).status).toBe(403);
    expect((await post({ ...headers, 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect((await proxy.call('DELETE', '/api/things', { headers: { Cookie } })).status).toBe(403);
    expect(received).toEqual([]);
    expect((await post({ ...headers, Origin: proxy.url })).status).toBe(200);
    expect(received).toEqual([expect.objectContaining({ method: 'POST', body: '{"name":"thing"}' })]);
  });
});
