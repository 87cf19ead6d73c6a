import fc, { type Arbitrary } from 'fast-check';

/** A header whose value is almost as long as the parser accepts, sent to a path that reads it. */
export interface LongHeader {
  method: string;
  target: string;
  name: string;
  start: string;
  /** Repeated until the value is as long as it may be. */
  middle: string;
  end: string;
}

/** Length of a value in bytes. With the rest of the request, it is just under the server's limit of 16 KiB of headers. */
const VALUE_BYTES = 15_500;

const PAGE = '/docs/swagger-ui.css';

/** The header's value. */
export function longValue({ start, middle, end }: LongHeader): string {
  return start + middle.repeat(Math.floor((VALUE_BYTES - start.length - end.length) / middle.length)) + end;
}

/** The paths that read each header, and the elements of its grammar. */
const READERS: Record<string, { targets: string[]; pieces: string[] }> = {
  Cookie: {
    targets: [
      'GET /users/me',
      'POST /auth/logout',
      'GET /auth/csrf',
      'GET /auth/verify',
      'POST /auth/login',
      'POST /auth/register',
    ],
    pieces: ['portero=', '__Host-portero=', 'portero-device=', '$Version', ';', '; ', '=', '"', ',', 'A'.repeat(60)],
  },
  Range: { targets: [`GET ${PAGE}`], pieces: ['bytes=', 'bytes', '0-1', '-1', '9999999-', '-', ',', ', ', '='] },
  'Accept-Language': {
    targets: ['GET /users/me', 'GET /nowhere'],
    pieces: ['es', 'en', '*', '-', ';q=', '0.5', ',', ';'],
  },
  Authorization: {
    targets: ['GET /users/me', 'POST /auth/refresh', 'POST /oauth/introspect', 'POST /oauth/revoke'],
    pieces: ['Bearer ', 'bearer', 'Basic ', 'basic ', '.', '=', 'YTpi', 'eyJhbGciOiJFUzI1NiJ9.', 'AAAA', ','],
  },
  Origin: {
    targets: ['POST /auth/logout', 'OPTIONS /auth/login'],
    pieces: ['http://', 'null', '/', ':', '.', '@', 'a', ','],
  },
  'If-Match': { targets: [`GET ${PAGE}`], pieces: ['W/', '"', '"a"', '*', ',', ', ', 'x'] },
  'If-None-Match': {
    targets: [`GET ${PAGE}`, 'GET /.well-known/jwks.json'],
    pieces: ['W/', '"', '"a"', '*', ',', 'x'],
  },
  'If-Modified-Since': {
    targets: [`GET ${PAGE}`],
    pieces: ['Mon, ', '01 ', 'Jan ', '2024 ', '00:00:00 ', 'GMT', '(', ')'],
  },
  'If-Unmodified-Since': {
    targets: [`GET ${PAGE}`],
    pieces: ['Mon, ', '01 ', 'Jan ', '2024 ', '00:', 'GMT', '(', '+'],
  },
  'If-Range': { targets: [`GET ${PAGE}`], pieces: ['W/', '"', '"a"', '*', ',', 'Mon, 01 Jan 2024 00:00:00 GMT'] },
  'Content-Type': {
    targets: ['POST /auth/login'],
    pieces: ['application/json', ';', ' charset=', 'utf-8', '"', '=', '/'],
  },
  'X-Forwarded-For': { targets: ['GET /health/live'], pieces: ['127.0.0.1', '::1', ',', ', ', '[', ']', ':1', '%'] },
  Host: { targets: ['GET /health/live'], pieces: ['localhost', '[', ']', ':', '.', '-', '0', '%'] },
  'X-CSRF-Token': { targets: ['POST /auth/logout'], pieces: ['A', '=', '.', '"'] },
};

/** Pieces without meaning, or that a grammar skips. */
const FILLERS = ['a', '0', ' ', '\t', ' \t', '\xa0', '\\', '\xff'];

/** Values of `start`, a piece repeated up to the limit, and `end`, which are slow to parse with backtracking. */
export function longHeaders(): Arbitrary<LongHeader> {
  return fc.oneof(
    ...Object.entries(READERS).map(([name, { targets, pieces }]) => {
      const piece = fc.constantFrom(...pieces, ...FILLERS);
      const few = (maxLength: number) => fc.array(piece, { maxLength }).map((parts) => parts.join(''));
      const repeated = fc.array(piece, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));
      const target = fc.constantFrom(...targets);
      return fc.tuple(target, few(3), repeated, few(2)).map(([where, start, middle, end]) => {
        const [method, path] = where.split(' ') as [string, string];
        return { method, target: path, name, start, middle, end };
      });
    }),
  );
}

/** One for each known mistake in parsers of these headers, here or elsewhere. */
export const KNOWN_LONG_HEADERS: LongHeader[] = [
  { method: 'GET', target: '/users/me', name: 'Cookie', start: 'a', middle: ' ', end: 'b' },
  { method: 'GET', target: '/users/me', name: 'Cookie', start: 'portero=a', middle: '\t', end: 'b' },
  { method: 'GET', target: '/users/me', name: 'Cookie', start: '', middle: 'a;', end: '' },
  { method: 'GET', target: '/users/me', name: 'Authorization', start: 'bearer ', middle: '\t', end: 'b' },
  { method: 'GET', target: '/users/me', name: 'Accept-Language', start: 'es;q=', middle: ' ', end: '1' },
  { method: 'GET', target: PAGE, name: 'Range', start: 'bytes=', middle: '0-1,', end: '0-1' },
  { method: 'GET', target: PAGE, name: 'If-None-Match', start: '"', middle: ' ,', end: '' },
  { method: 'POST', target: '/oauth/introspect', name: 'Authorization', start: 'Basic ', middle: ' ', end: '!' },
  { method: 'POST', target: '/auth/login', name: 'Content-Type', start: 'application/json', middle: ' ', end: 'x' },
];
