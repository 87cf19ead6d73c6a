import { loadConfig } from '../../src/config/config.js';

const SECRET = Buffer.alloc(32, 7).toString('base64url');
const load = (env: Record<string, string>) =>
  loadConfig({ PORTERO_SECRET: SECRET, PUBLIC_URL: 'https://id.example.com', ...env }).config.webauthn;

test('passkeys belong to the host of PUBLIC_URL, and its pages may use them', () => {
  expect(load({})).toEqual({ rpId: 'id.example.com', origins: ['https://id.example.com'] });
});

test('the origins of CORS_ORIGINS at the RP ID or under it may use them too', () => {
  const CORS_ORIGINS = 'https://app.example.com,https://example.com,https://evilexample.com,https://example.org';
  expect(load({ WEBAUTHN_RP_ID: 'example.com', CORS_ORIGINS }).origins).toEqual([
    'https://id.example.com',
    'https://app.example.com',
    'https://example.com',
  ]);
});

test.each([
  'https://example.com',
  'EXAMPLE.com',
  'example.com:443',
  'example.com/',
  '192.0.2.1',
  'a b',
  'user@example.com',
])('WEBAUTHN_RP_ID=%s stops the start', (WEBAUTHN_RP_ID) => {
  expect(() => load({ WEBAUTHN_RP_ID })).toThrow(/^WEBAUTHN_RP_ID must be a host name in lower case/);
});

test.each(['https://example.org', 'https://evilexample.com', 'https://com'])(
  'WEBAUTHN_ORIGINS=%s stops the start, because browsers would refuse the RP ID there',
  (WEBAUTHN_ORIGINS) => {
    expect(() => load({ WEBAUTHN_RP_ID: 'example.com', WEBAUTHN_ORIGINS })).toThrow(
      /^WEBAUTHN_ORIGINS must be at the host/,
    );
  },
);
