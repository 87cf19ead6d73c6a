import fc from 'fast-check';
import { describeDevice } from '../../src/http/device.js';

const APPLE = 'AppleWebKit/605.1.15 (KHTML, like Gecko)';
const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0';

test.each([
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0', 'Firefox on Windows'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0', 'Firefox on Linux'],
  [`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${CHROME} Safari/537.36`, 'Chrome on macOS'],
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36 Edg/130.0.0.0`, 'Microsoft Edge on Windows'],
  [`Mozilla/5.0 (Linux; Android 14; Pixel 8) ${CHROME} Mobile Safari/537.36`, 'Chrome on Android'],
  [
    `Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) ${APPLE} Version/17.6 Mobile/15E148 Safari/604.1`,
    'Safari on iOS',
  ],
  [`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${APPLE} Version/17.6 Safari/605.1.15`, 'Safari on macOS'],
  [
    `Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36`,
    'Samsung Internet for Android on Android',
  ],
])('%s is %s', (userAgent, words) => {
  expect(describeDevice(userAgent)).toBe(words);
});

test.each([[null], [''], [' '], ['curl/8.5.0'], ['Mozilla/5.0'], ['<b>x</b>/1 (y)'], ['evil\u202etxt/1.0 (x)']])(
  'returns no device name for %j',
  (userAgent) => {
    expect(describeDevice(userAgent)).toBeNull();
  },
);

test('the device name of any user agent is short, plain text and computed fast [ASVS 1.3.12]', () => {
  const part = fc.constantFrom(
    'Mozilla/5.0',
    'Chrome/',
    'Windows',
    '(',
    ')',
    '/',
    ' ',
    ';',
    'Android',
    '<',
    '\x1b[31m',
    'x',
  );
  const agents = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 512 }),
    fc.array(part).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(agents, (userAgent) => {
      expect(describeDevice(userAgent) ?? 'none').toMatch(/^[A-Za-z0-9 ._/+-]{1,80}$/);
    }),
  );
  for (const hostile of [
    '/'.repeat(512),
    'a/'.repeat(256),
    ' ('.repeat(256),
    'Android '.repeat(64),
    '\t'.repeat(512),
  ]) {
    expect(describeDevice(hostile) ?? '').not.toMatch(/[<(\t]/);
  }
});
