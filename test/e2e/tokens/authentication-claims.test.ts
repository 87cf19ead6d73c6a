import { Forgery } from '../../support/forgery.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

let server: TestServer;
let token: string;
beforeAll(async () => {
  server = await TestServer.start();
  token = (await server.client.signUp('ana')).access_token;
});
afterAll(() => server.stop());

test.each<[string, object]>([
  ['no auth_time', { auth_time: undefined }],
  ['an auth_time that is text', { auth_time: '1' }],
  ['no amr', { amr: undefined }],
  ['an amr that is no list', { amr: 'pwd' }],
  ['an amr with something else than text in it', { amr: ['pwd', 7] }],
])('rejects a correctly signed token with %s as malformed', async (_, claims) => {
  const forgery = new Forgery(server, token);
  expect((await server.client.get('/protected', { token: forgery.forge({}, {}) })).status).toBe(200);
  const answer = await server.client.get('/protected', { token: forgery.forge({}, claims) });
  expectProblem(answer, 401, 'token_malformed');
});
