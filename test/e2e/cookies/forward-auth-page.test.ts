import { Browser } from '../../support/browser.js';
import type { Answer } from '../../support/client.js';
import { codeBlock } from '../../support/code-blocks.js';
import { TestServer } from '../../support/server.js';

/** What docs/forward-auth.md shows for pages: the request to one's own API, and the access token for an API elsewhere. */
const PAGE = 'docs/forward-auth.md';

let server: TestServer;
let browser: Browser;
beforeAll(async () => {
  server = await TestServer.start();
  browser = await Browser.signUp(server, 'ana');
});
afterAll(() => server.stop());

/** Runs the code of the page with a fetch that has the cookie of a browser. */
async function run(part: string, result: string, respond: (path: string, init: RequestInit) => Promise<Answer>) {
  const csrfToken = browser.csrf;
  browser.csrf = undefined;
  try {
    const fetched = async (path: string, init: RequestInit) => {
      const { status, body } = await respond(path, init);
      return { status, ok: status < 400, json: async () => body };
    };
    const code = `return (async () => { ${codeBlock(PAGE, part)}\n${result} })()`;
    return await new Function('fetch', 'csrfToken', code)(fetched, csrfToken);
  } finally {
    browser.csrf = csrfToken;
  }
}

test('the request of the page passes the verification that a proxy asks for', async () => {
  const statuses: number[] = [];
  await run('/api/things', '', async (_, { method, headers }) => {
    const forwarded = { ...(headers as Record<string, string>), 'X-Forwarded-Method': method as string };
    const answer = await browser.get('/auth/verify', { headers: forwarded });
    statuses.push(answer.status);
    return answer;
  });
  expect(statuses).toEqual([200]);
});

test('the access token of the page is accepted', async () => {
  const issued = await run('accessToken', 'return await accessToken();', (path, { method, headers }) =>
    browser.call(method as string, path, { headers: headers as Record<string, string> }),
  );
  const { status, body } = await server.client.get('/protected', { token: issued.access_token });
  expect([status, body]).toEqual([200, { logged_in_as: 'ana' }]);
});
