import { escapeInvisible } from '../../src/logging/invisible.js';
import { prettyLines } from '../../src/logging/pretty-line.js';

const pretty = await prettyLines({ colorize: false, translateTime: false });
const line = (fields: object) => pretty(JSON.stringify({ level: 'info', service: 'portero', ...fields }));
const request = { context: 'http', msg: 'request', request_id: '01', method: 'POST', path: '/auth/login' };

test('a request is shown as its method, path, status and duration, followed by the other fields', () => {
  expect(line({ ...request, status: 200, duration_ms: 273.6, ip: '127.0.0.1' })).toBe(
    'INFO: POST /auth/login 200 274 ms {"request_id":"01","ip":"127.0.0.1"}\n',
  );
});

test('on a terminal, the rest of a line is dimmed', async () => {
  const colored = await prettyLines({ colorize: true, translateTime: false });
  expect(colored(JSON.stringify({ level: 'info', ...request, status: 200, duration_ms: 1 }))).toBe(
    '\x1b[32mINFO\x1b[39m: \x1b[36mPOST /auth/login 200 1 ms\x1b[39m \x1b[90m{"request_id":"01"}\x1b[39m\n',
  );
});

test('an event is shown as its type and result, and other messages are unchanged', () => {
  expect(line({ level: 'warn', context: 'audit', msg: 'login', result: 'refused', ip: '::1' })).toBe(
    'WARN: login refused {"ip":"::1"}\n',
  );
  expect(line({ context: 'Portero', msg: 'Portero listens on http://127.0.0.1:3000' })).toBe(
    'INFO: Portero listens on http://127.0.0.1:3000\n',
  );
});

test('a path can neither move the cursor nor add a line', () => {
  expect(line({ ...request, path: '/\u001b[2J\n\u202e', status: 404, duration_ms: 1 })).toBe(
    'INFO: POST /?[2J?? 404 1 ms {"request_id":"01"}\n',
  );
});

/** CSI and NEL as single characters (ISO 6429), which JSON does not escape; a terminal obeys them. And what it hides. */
const INVISIBLE = '\u009b31mRED\u0085\u202e\u2028\u{e0041}';

test('what a client has sent in any field can neither move the cursor nor add a line [ASVS 16.4.1]', () => {
  expect(line({ context: 'audit', msg: 'login', result: 'refused', user_agent: INVISIBLE })).toBe(
    'INFO: login refused {"user_agent":"?31mRED????"}\n',
  );
});

test('a line of JSON has no invisible characters either, and the same values [ASVS 16.4.1]', () => {
  const written = escapeInvisible(`${JSON.stringify({ user_agent: INVISIBLE, name: 'añá 😀' })}\n`);
  expect(written).toBe('{"user_agent":"\\u009b31mRED\\u0085\\u202e\\u2028\\udb40\\udc41","name":"añá 😀"}\n');
  expect(JSON.parse(written)).toEqual({ user_agent: INVISIBLE, name: 'añá 😀' });
});
