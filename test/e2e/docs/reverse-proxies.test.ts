import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { PASSWORD } from '../../support/client.js';
import { codeBlock } from '../../support/code-blocks.js';
import { testWithProgram } from '../../support/on-engine.js';
import { freePort, OtherProgram } from '../../support/other-program.js';
import { caddy, nginx, type ReverseProxy } from '../../support/reverse-proxy.js';
import { TestServer } from '../../support/server.js';

/** The configurations of docs/reverse-proxies.md, with other addresses and certificates and nothing else replaced. */
const PAGE = 'docs/reverse-proxies.md';

let folder: string;
let server: TestServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portero-proxy-'));
  server = await TestServer.start({ TRUST_PROXY: '127.0.0.1', PUBLIC_URL: 'https://auth.example.com' });
});
afterEach(async () => {
  await OtherProgram.stopAll();
  await server.stop();
  rmSync(folder, { recursive: true });
});

testWithProgram(nginx.isThere, nginx.reason)(
  'nginx terminates TLS and passes the address of the client on',
  async () => {
    const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
    const name = ['-subj', '/CN=auth.example.com', '-days', '1'];
    const files = ['-keyout', key, '-out', certificate];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...name, ...files], { stdio: 'ignore' });
    const port = await start(nginx, 'upstream portero', (config, own) =>
      config
        .replace('listen 443 ssl', `listen 127.0.0.1:${own} ssl`)
        .replace(/\/etc\/.*fullchain\.pem/, certificate)
        .replace(/\/etc\/.*privkey\.pem/, key),
    );
    await expectClientAddress(`https://127.0.0.1:${port}`);
  },
);

testWithProgram(caddy.isThere, caddy.reason)('Caddy passes the address of the client on', async () => {
  const port = await start(caddy, 'reverse_proxy', (config, own) =>
    config.replace('auth.example.com', `http://:${own}`),
  );
  await expectClientAddress(`http://127.0.0.1:${port}`);
});

/** Starts a proxy with a configuration of the page. @returns its port */
async function start(
  proxy: ReverseProxy,
  part: string,
  adapt: (config: string, port: number) => string,
): Promise<number> {
  const port = await freePort();
  const config = codeBlock(PAGE, part).replace('127.0.0.1:3000', new URL(server.client.url).host);
  const command = proxy.configure(folder, adapt(config, port));
  await OtherProgram.start(command, { port, cwd: folder, env: { HOME: folder } });
  return port;
}

/** Logs in from another address than the proxy's, which also claims a third one. */
async function expectClientAddress(url: string): Promise<void> {
  const credentials = { username: 'ana', password: PASSWORD };
  await call(url, '/auth/register', credentials);
  const { access_token: token } = (await call(url, '/auth/login', credentials)) as { access_token: string };
  const { sessions } = (await call(url, '/auth/sessions', undefined, token)) as { sessions: { ip: string }[] };
  expect(sessions.map(({ ip }) => ip)).toEqual(['127.0.0.2']);
}

async function call(url: string, path: string, body?: object, token?: string): Promise<unknown> {
  const send = url.startsWith('https') ? requestOverTls : request;
  const options = {
    method: body === undefined ? 'GET' : 'POST',
    localAddress: '127.0.0.2',
    rejectUnauthorized: false,
    headers: {
      Host: 'auth.example.com',
      'Content-Type': 'application/json',
      'X-Forwarded-For': '203.0.113.9',
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
  };
  const sent = send(url + path, options);
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return await json(response);
}
