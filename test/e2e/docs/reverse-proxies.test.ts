import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { PASSWORD } from '../../support/client.js';
import { codeBlock } from '../../support/code-blocks.js';
import { testWithProgram } from '../../support/on-engine.js';
import { freePort, OtherProgram, succeeds } from '../../support/other-program.js';
import { TestServer } from '../../support/server.js';

/** The configurations of docs/reverse-proxies.md, with other addresses and certificates and nothing else replaced. */
const PAGE = 'docs/reverse-proxies.md';

let folder: string;
let server: TestServer;
let proxy: OtherProgram | undefined;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portero-proxy-'));
  server = await TestServer.start({ TRUST_PROXY: '127.0.0.1', PUBLIC_URL: 'https://auth.example.com' });
});
afterEach(async () => {
  await proxy?.stop();
  await server.stop();
  rmSync(folder, { recursive: true });
});

testWithProgram(succeeds('nginx', '-v'), 'needs nginx')(
  'nginx terminates TLS and passes the address of the client on',
  async () => {
    const port = await freePort();
    const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
    const name = ['-subj', '/CN=auth.example.com', '-days', '1'];
    const files = ['-keyout', key, '-out', certificate];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...name, ...files], { stdio: 'ignore' });
    const site = codeBlock(PAGE, 'upstream portero')
      .replace('127.0.0.1:3000', new URL(server.client.url).host)
      .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
      .replace(/\/etc\/.*fullchain\.pem/, certificate)
      .replace(/\/etc\/.*privkey\.pem/, key);
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (kind) => `${kind}_temp_path ${folder}/${kind};`,
    );
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, `pid ${folder}/pid;\nevents {}\nhttp {\naccess_log off;\n${paths.join('\n')}\n${site}}\n`);
    const command = ['nginx', '-e', `${folder}/error.log`, '-c', file, '-g', 'daemon off;'];
    proxy = await OtherProgram.start(command, { port, cwd: folder });
    await expectClientAddress(`https://127.0.0.1:${port}`);
  },
);

testWithProgram(succeeds('caddy', 'version'), 'needs Caddy')('Caddy passes the address of the client on', async () => {
  const port = await freePort();
  const site = codeBlock(PAGE, 'reverse_proxy')
    .replace('127.0.0.1:3000', new URL(server.client.url).host)
    .replace('auth.example.com', `http://:${port}`);
  const file = join(folder, 'Caddyfile');
  writeFileSync(file, `{\n  admin off\n}\n${site}`);
  const command = ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'];
  proxy = await OtherProgram.start(command, {
    port,
    cwd: folder,
    env: { XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  await expectClientAddress(`http://127.0.0.1:${port}`);
});

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
