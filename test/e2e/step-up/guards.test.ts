import { Controller, Get, Module } from '@nestjs/common';
import { AccountModule } from '../../../src/account/account.module.js';
import { AuthModule } from '../../../src/auth/auth.module.js';
import { RequireAmr, RequireRecentAuth, RequireStepUp } from '../../../src/auth/step-up/recent-auth.decorators.js';
import { PASSWORD, type Tokens } from '../../support/client.js';
import { addFactor } from '../../support/factor-users.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** The decorators that require more than a session, on routes that exist only in this test. */
@Controller('guarded')
class GuardedController {
  @Get('recent')
  @RequireRecentAuth('1m')
  recent(): string {
    return 'recent';
  }

  @Get('default')
  @RequireRecentAuth()
  byDefault(): string {
    return 'default';
  }

  @Get('mfa')
  @RequireAmr('mfa')
  mfa(): string {
    return 'mfa';
  }

  @Get('step-up')
  @RequireStepUp()
  stepUp(): string {
    return 'step-up';
  }

  @Get('all')
  @RequireAmr('otp')
  @RequireRecentAuth('1m')
  @RequireAmr('mfa')
  @RequireRecentAuth('10m')
  all(): string {
    return 'all';
  }
}

@Module({ imports: [AuthModule], controllers: [GuardedController] })
class GuardedModule {}

let server: TestServer;
let user = 0;
const imports: unknown[] = Reflect.getMetadata('imports', AccountModule);
beforeAll(async () => {
  imports.push(GuardedModule);
  server = await TestServer.start({ STEP_UP_TTL: '5m', ACCESS_TOKEN_TTL: '1h' });
});
afterAll(async () => {
  imports.splice(imports.indexOf(GuardedModule), 1);
  await server.stop();
});

const signUp = async () => {
  const username = `user-${++user}`;
  return { username, tokens: await server.client.signUp(username) };
};
const get = (path: string, { access_token: token }: Tokens) => server.client.get(`/guarded/${path}`, { token });

/** Expects the challenge of RFC 9470 section 3, with exactly these parameters at its end. */
async function expectChallenge(path: string, tokens: Tokens, parameters: string): Promise<void> {
  const answer = await get(path, tokens);
  expectProblem(answer, 401, 'insufficient_user_authentication');
  const [, rest] =
    /^Bearer realm="portero", error="insufficient_user_authentication", error_description="[^"]+"(?:, (.*))?$/.exec(
      answer.headers.get('www-authenticate') ?? '',
    ) ?? [];
  expect(rest?.replaceAll('"', '')).toBe(parameters);
}

test('a route can require a recent authentication, and a login is one [RFC 9470]', async () => {
  const { tokens } = await signUp();
  expect((await get('recent', tokens)).status).toBe(200);
  server.clock.advance(62_000);
  await expectChallenge('recent', tokens, 'max_age=60');
  expect((await get('default', tokens)).status).toBe(200);
  const { body } = await server.client.post<Tokens>('/auth/step-up', {
    token: tokens.access_token,
    body: { password: PASSWORD },
  });
  expect((await get('recent', body)).status).toBe(200);
  server.clock.advance(301_000);
  await expectChallenge('default', body, 'max_age=300');
});

test('a route can require a method, however old the authentication is', async () => {
  const { username, tokens } = await signUp();
  await expectChallenge('mfa', tokens, 'acr_values=mfa');
  const { totp } = await addFactor(server, username);
  const { body } = await server.client.post<Tokens>('/auth/step-up', {
    token: tokens.access_token,
    body: { totp: totp() },
  });
  server.clock.advance(1_800_000);
  expect((await get('mfa', body)).status).toBe(200);
});

test('a step-up is a recent authentication, and a second factor for those who have one', async () => {
  const { username, tokens } = await signUp();
  expect((await get('step-up', tokens)).status).toBe(200);
  const { totp } = await addFactor(server, username);
  await expectChallenge('step-up', tokens, 'max_age=300, acr_values=mfa');
  const { body } = await server.client.post<Tokens>('/auth/step-up', {
    token: tokens.access_token,
    body: { totp: totp() },
  });
  expect((await get('step-up', body)).status).toBe(200);
});

test('all requirements of a handler apply, and the challenge names the shortest age and what is missing', async () => {
  const { username, tokens } = await signUp();
  await expectChallenge('all', tokens, 'max_age=60, acr_values=otp mfa');
  const { totp } = await addFactor(server, username);
  const { body } = await server.client.post<Tokens>('/auth/step-up', {
    token: tokens.access_token,
    body: { totp: totp() },
  });
  expect((await get('all', body)).status).toBe(200);
  server.clock.advance(62_000);
  await expectChallenge('all', body, 'max_age=60, acr_values=otp mfa');
});

test('the OpenAPI document has the challenge on each of these routes, once', async () => {
  interface Document {
    paths: Record<string, { get: { responses: Record<string, { description: string }> } }>;
  }
  const { body, text } = await server.client.get<Document>('/openapi.json');
  for (const path of ['recent', 'default', 'mfa', 'step-up', 'all']) {
    const { description = '' } = body.paths[`/guarded/${path}`]?.get.responses['401'] ?? {};
    expect(description.match(/insufficient_user_authentication/g)).toHaveLength(1);
    expect(description).toContain('token_missing');
  }
  expect(text).not.toContain('x-portero');
});
