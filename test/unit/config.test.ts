import { availableParallelism } from 'node:os';
import { parseEnv } from 'node:util';
import { loadConfig } from '../../src/config/config.js';

/** The contract's table of configuration. */
const SECRET = Buffer.alloc(32).toString('base64url');
const load = (env: Record<string, string>, namesInFile: string[] = []) =>
  loadConfig({ PORTERO_SECRET: SECRET, ...env }, { terminal: false, namesInFile });

test('the defaults are the documented ones', () => {
  const { config, warnings } = load({});
  expect(warnings).toEqual([]);
  const { secret: _, dataDir, ...rest } = config;
  expect(dataDir).toMatch(/\/data$/);
  expect(rest).toEqual({
    host: '127.0.0.1',
    port: 3000,
    publicUrl: 'http://localhost:3000',
    databaseUrl: undefined,
    jwtAlg: 'ES256',
    jwtAllowRsa2048: false,
    jwtAudience: 'http://localhost:3000',
    keyRotation: 30 * 86_400_000,
    tokenCacheSize: 50_000,
    secretPrevious: [],
    revocationStaleAfter: 3000,
    accessTokenTtl: 300_000,
    refreshTokenTtl: 14 * 86_400_000,
    sessionTtl: 30 * 86_400_000,
    sessionIdleTtl: 30 * 60_000,
    maxSessionsPerUser: 100,
    refreshGrace: 60_000,
    registration: 'open',
    registrationRequires: ['username'],
    requireVerifiedEmail: false,
    mailSignIn: false,
    mfa: 'optional',
    stepUpTtl: 300_000,
    trustedDeviceTtl: undefined,
    webauthn: { rpId: 'localhost', origins: ['http://localhost:3000'] },
    passwordHash: 'bcrypt',
    hashConcurrency: availableParallelism(),
    threadPoolSize: availableParallelism() + 4,
    hashQueueTimeout: 5000,
    bcryptCost: 12,
    passwordMinLength: 8,
    passwordBreachCheck: 'off',
    passwordBreachOnError: 'allow',
    hibpUrl: 'https://api.pwnedpasswords.com/range/',
    corsOrigins: [],
    maxConnections: 10_000,
    rateLimit: 'on',
    limits: expect.objectContaining({ logins: { quota: 60, windowSeconds: 60 } }),
    lockout: expect.objectContaining({ after: 5 }),
    redisUrl: undefined,
    brand: { name: 'Portero', color: '#2347a8', logoFile: undefined },
    templatesDir: undefined,
    auditRetention: 400 * 86_400_000,
    auditRefresh: 'off',
    smtp: undefined,
    mailFrom: { name: 'Portero', address: 'no-reply@localhost' },
    mailReplyTo: undefined,
    mailTimeout: 60_000,
    trustProxy: undefined,
    logLevel: 'info',
    logFormat: 'json',
  });
  expect(Object.isFrozen(config)).toBe(true);
});

test.each<[Record<string, string>, RegExp]>([
  [{ PORT: '65536' }, /^PORT must be a whole number from 0 to 65535 \(for example PORT=3000\)$/],
  [{ PORT: '3e3' }, /^PORT /],
  [{ PUBLIC_URL: 'auth.example.com' }, /^PUBLIC_URL must be a URL that begins with https:\/\/ or http:\/\//],
  [{ PUBLIC_URL: 'https://x/?a=b' }, /^PUBLIC_URL must have no query/],
  [{ DATABASE_URL: 'postgres://u:50%zz@db/x' }, /^DATABASE_URL has a % that must be written as %25/],
  [{ REDIS_URL: 'redis://u:50%zz@db' }, /^REDIS_URL has a % that must be written as %25/],
  [{ DATABASE_URL: 'mysql://x' }, /^DATABASE_URL must be a URL that begins with postgres:\/\//],
  [{ PORTERO_SECRET: 'short' }, /^PORTERO_SECRET must hold at least 32 bytes \(it holds 3\)/],
  [{ PORTERO_SECRET: 'not base64url!' }, /^PORTERO_SECRET must be base64url/],
  [
    { ACCESS_TOKEN_TTL: '300' },
    /^ACCESS_TOKEN_TTL must be a whole number followed by ms, s, m, h or d \(for example ACCESS_TOKEN_TTL=5m\)$/,
  ],
  [{ ACCESS_TOKEN_TTL: '0s' }, /^ACCESS_TOKEN_TTL must be at least/],
  [{ SESSION_IDLE_TTL: '3s' }, /^SESSION_IDLE_TTL must be at least 4000 ms/],
  [{ MAX_SESSIONS_PER_USER: '0' }, /^MAX_SESSIONS_PER_USER must be a whole number from 1 to 10000/],
  [{ REFRESH_GRACE: '1d' }, /^REFRESH_GRACE is too long/],
  // Shorter than a client waits for a lost response, so its retry would count as reuse.
  [{ REFRESH_GRACE: '42s' }, /^REFRESH_GRACE must be at least 43000 ms/],
  [{ JWT_ALG: 'none' }, /^JWT_ALG must be one of: ES256, RS256, HS256 /],
  [{ JWT_ALG: 'es256' }, /^JWT_ALG must be one of/],
  [{ JWT_ALLOW_RSA_2048: 'yes' }, /^JWT_ALLOW_RSA_2048 must be one of: true, false/],
  [{ KEY_ROTATION: '59s' }, /^KEY_ROTATION must be at least 60000 ms/],
  [{ KEY_ROTATION: 'monthly' }, /^KEY_ROTATION must be a whole number followed by/],
  [{ TOKEN_CACHE_SIZE: '-1' }, /^TOKEN_CACHE_SIZE must be a whole number from 0 to 5000000/],
  [{ TOKEN_CACHE_SIZE: '5000001' }, /^TOKEN_CACHE_SIZE /],
  [{ REVOCATION_STALE_AFTER: '1s' }, /^REVOCATION_STALE_AFTER must be at least 1500 ms/],
  [{ REVOCATION_STALE_AFTER: '2m' }, /^REVOCATION_STALE_AFTER is too long/],
  [{ PORTERO_SECRET_PREVIOUS: 'short' }, /^PORTERO_SECRET_PREVIOUS must hold at least 32 bytes \(it holds 3\)/],
  [{ PORTERO_SECRET_PREVIOUS: `${SECRET},` }, /^PORTERO_SECRET_PREVIOUS must be base64url/],
  [{ REGISTRATION: 'maybe' }, /^REGISTRATION must be one of: open, closed/],
  [{ REGISTRATION_REQUIRES: 'phone' }, /^REGISTRATION_REQUIRES must be one of/],
  [{ BCRYPT_COST: '17' }, /^BCRYPT_COST /],
  [{ PASSWORD_HASH: 'md5' }, /^PASSWORD_HASH must be one of: bcrypt, argon2id/],
  [{ HASH_CONCURRENCY: '0' }, /^HASH_CONCURRENCY /],
  [{ HASH_QUEUE_TIMEOUT: '2m' }, /^HASH_QUEUE_TIMEOUT is too long/],
  [{ PASSWORD_MIN_LENGTH: '7' }, /^PASSWORD_MIN_LENGTH /],
  [{ PASSWORD_BREACH_CHECK: 'on' }, /^PASSWORD_BREACH_CHECK must be one of: off, hibp/],
  [{ PASSWORD_BREACH_ON_ERROR: 'maybe' }, /^PASSWORD_BREACH_ON_ERROR must be one of: allow, refuse/],
  [{ HIBP_URL: 'ftp://hibp' }, /^HIBP_URL must be a URL that begins with https:\/\/ or http:\/\//],
  [{ HIBP_URL: 'http://me:secret@hibp/' }, /^HIBP_URL must have no query, fragment or user information/],
  [{ CORS_ORIGINS: '*' }, /^CORS_ORIGINS must list exact origins.*; "\*" is not one/],
  [{ CORS_ORIGINS: 'null' }, /^CORS_ORIGINS .*"null" is not one/],
  [{ CORS_ORIGINS: 'https://app.example.com/' }, /^CORS_ORIGINS .*"https:\/\/app\.example\.com\/" is not one/],
  [{ CORS_ORIGINS: 'https://App.example.com' }, /^CORS_ORIGINS /],
  [{ CORS_ORIGINS: 'https://app.example.com:443' }, /^CORS_ORIGINS /],
  [{ CORS_ORIGINS: 'https://*.example.com' }, /^CORS_ORIGINS /],
  [{ CORS_ORIGINS: 'https://me@app.example.com' }, /^CORS_ORIGINS /],
  [{ CORS_ORIGINS: 'app.example.com' }, /^CORS_ORIGINS /],
  [{ CORS_ORIGINS: 'chrome-extension://abc' }, /^CORS_ORIGINS /],
  [{ CORS_ORIGINS: 'https://a.example,,https://b.example' }, /^CORS_ORIGINS /],
  [{ CORS_ORIGINS: 'https://a.example\nhttps://b.example' }, /^CORS_ORIGINS .*a\.example\?https/],
  [{ MAX_CONNECTIONS: '9' }, /^MAX_CONNECTIONS must be a whole number from 10 to 1000000/],
  [{ RATE_LIMIT: 'no' }, /^RATE_LIMIT must be one of: on, off/],
  [{ LIMIT_LOGINS: '60' }, /^LIMIT_LOGINS must be a whole number from 1, a slash and a duration/],
  [{ LIMIT_LOGINS: '0/1m' }, /^LIMIT_LOGINS must be a whole number from 1/],
  [{ LIMIT_REQUESTS: '60/1 minute' }, /^LIMIT_REQUESTS must be a whole number from 1/],
  [{ LIMIT_REFRESHES: '60/2d' }, /^LIMIT_REFRESHES is too long/],
  [{ LIMIT_REFRESHES: '60/1500ms' }, /^LIMIT_REFRESHES must span whole seconds/],
  [{ LOCKOUT_AFTER: '0' }, /^LOCKOUT_AFTER must be a whole number from 1 to 100/],
  [{ LOCKOUT_WAIT: '0s' }, /^LOCKOUT_WAIT must be at least 1000 ms/],
  [{ LOCKOUT_MAX_WAIT: '10s' }, /^LOCKOUT_MAX_WAIT must not be under LOCKOUT_WAIT/],
  [{ LOCKOUT_FORGET_AFTER: '1m' }, /^LOCKOUT_FORGET_AFTER must not be under LOCKOUT_MAX_WAIT/],
  [{ REDIS_URL: 'localhost:6379' }, /^REDIS_URL must be a URL that begins with redis:\/\/ or rediss:\/\//],
  [{ TRUST_PROXY: 'true' }, /^TRUST_PROXY must list addresses or networks; "true" is neither/],
  [{ TRUST_PROXY: '0' }, /^TRUST_PROXY must be 1 to 16 if it is a number of proxies/],
  [{ TRUST_PROXY: '0.0.0.0/0' }, /^TRUST_PROXY must list addresses or networks; "0.0.0.0\/0" is neither/],
  [{ TRUST_PROXY: '10.0.0.0/33' }, /^TRUST_PROXY must list addresses or networks; "10.0.0.0\/33" is neither/],
  [{ TRUST_PROXY: '10.0.0.1,' }, /^TRUST_PROXY must list addresses or networks; "" is neither/],
  [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL must be one of/],
])('%j stops the start with one line that names the variable, its fault and an example', (env, line) => {
  expect(() => load(env)).toThrow(line);
  try {
    load(env);
  } catch (error) {
    expect((error as Error).message).toMatch(/^[^\n]*\(for example [A-Z_0-9]+=[^\n]*\)$/);
    expect((error as Error).message).not.toContain(SECRET);
  }
});

test('with DATABASE_URL, the secret is required, and a missing PUBLIC_URL is a warning [ASVS 13.2.3]', () => {
  const DATABASE_URL = 'postgres://u:p@localhost/x';
  expect(() => loadConfig({ DATABASE_URL })).toThrow(/^PORTERO_SECRET is required with DATABASE_URL/);
  expect(load({ DATABASE_URL }).warnings).toEqual([
    expect.stringMatching(/^PUBLIC_URL is not set: tokens will have the issuer http/),
  ]);
  expect(load({ DATABASE_URL, PUBLIC_URL: 'https://x' }).warnings).toEqual([]);
});

test('an unknown PORTERO_ name is a warning', () => {
  expect(load({ PORTERO_SECRETS: 'x' }).warnings).toEqual([expect.stringMatching(/^PORTERO_SECRETS is not a setting/)]);
});

test('an unknown name in .env is a warning that suggests the nearest setting; in the environment it is none', () => {
  expect(load({ ACCES_TOKEN_TTL: '1m' }).warnings).toEqual([]);
  const names = [
    'ACCES_TOKEN_TTL',
    'limit_logins',
    'LOCKOUT_WAITS',
    'NEVER_HEARD_OF',
    'REGISTRATION',
    'LIMIT_REFRESHES',
  ];
  expect(load({}, names).warnings.map((warning) => warning.replace(/ is not .*; /, ': '))).toEqual([
    'ACCES_TOKEN_TTL: did you mean ACCESS_TOKEN_TTL?',
    'limit_logins: did you mean LIMIT_LOGINS?',
    'LOCKOUT_WAITS: did you mean LOCKOUT_WAIT?',
    'NEVER_HEARD_OF: see docs/configuration.md',
  ]);
});

test('what is no variable name in .env is a warning that does not repeat it, because it may hold a secret [ASVS 16.2.5]', () => {
  const warningOf = (line: string) => load({}, Object.keys(parseEnv(line))).warnings;
  const yaml = (name: string) =>
    `a line of .env begins with ${name} but is not ${name}=value, and has no effect; see docs/configuration.md`;
  expect(warningOf('DATABASE_URL: postgres://u:hunter2@db/x?sslmode=require')).toEqual([yaml('DATABASE_URL')]);
  expect(warningOf('PORTERO_SECRET: hunter2hunter2hunter2hunter2hunter2hunter2h=')).toEqual([yaml('PORTERO_SECRET')]);
  // The last line of a key in several lines.
  for (const line of ['MIIEhunter2CADANBgkq=', 'hunter2+/abc==', `${'A'.repeat(64)}=`]) {
    expect(warningOf(line)).toEqual([
      'a name in .env is not a setting of Portero and has no effect (it is not shown, because it may be part of a secret); see docs/configuration.md',
    ]);
  }
});

test('names in .env that Docker Compose, its images and Node.js read are no warnings', () => {
  const names = ['POSTGRES_PASSWORD', 'COMPOSE_PROJECT_NAME', 'DOCKER_HOST', 'NODE_EXTRA_CA_CERTS', 'TZ'];
  expect(load({}, names).warnings).toEqual([]);
});

test('a cheap BCRYPT_COST is a warning', () => {
  expect(load({ BCRYPT_COST: '9' }).warnings).toEqual([expect.stringMatching(/^BCRYPT_COST=9 is for tests only/)]);
});

test('RATE_LIMIT=off is a warning', () => {
  expect(load({ RATE_LIMIT: 'off' }).warnings).toEqual([
    expect.stringMatching(/^RATE_LIMIT=off: requests and password guesses are not limited/),
  ]);
});

test('parses rate limits and trusted proxies', () => {
  const { config } = load({ LIMIT_LOGINS: '7/2h', LOCKOUT_WAIT: '1m', TRUST_PROXY: '10.0.0.0/8, fd00::/8,192.0.2.1' });
  expect(config.limits.logins).toEqual({ quota: 7, windowSeconds: 7200 });
  expect(config.lockout.wait).toBe(60_000);
  expect(config.trustProxy).toEqual({ networks: ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'] });
  expect(load({ TRUST_PROXY: '2' }).config.trustProxy).toEqual({ hops: 2 });
});

test('the issuer has no trailing slash, and is the audience unless one is set', () => {
  const { config } = load({ PUBLIC_URL: 'https://auth.example.com/' });
  expect([config.publicUrl, config.jwtAudience]).toEqual(['https://auth.example.com', 'https://auth.example.com']);
  expect(load({ PUBLIC_URL: 'HTTPS://Auth.Example.com' }).config.publicUrl).toBe('https://auth.example.com');
  expect(load({ JWT_AUDIENCE: 'api' }).config.jwtAudience).toBe('api');
});

test('origins may be surrounded by spaces', () => {
  const { config } = load({ CORS_ORIGINS: 'https://app.example.com , http://localhost:8080,https://app.example.com' });
  expect(config.corsOrigins).toEqual(['https://app.example.com', 'http://localhost:8080']);
});

test('the URL of the breach check ends in one slash', () => {
  expect(load({ HIBP_URL: 'http://hibp:8080/range' }).config.hibpUrl).toBe('http://hibp:8080/range/');
  expect(load({ HIBP_URL: 'http://hibp:8080/range//' }).config.hibpUrl).toBe('http://hibp:8080/range/');
});
