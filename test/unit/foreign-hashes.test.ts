import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { wrapFlaskSecurity } from '../../src/passwords/formats/flask-security.js';
import { FOREIGN_FORMATS, foreignFormatOf } from '../../src/passwords/formats/foreign-formats.js';
import { LIMITS } from '../../src/passwords/formats/limits.js';
import { type Compare, MalformedHash } from '../../src/passwords/hash-format.js';

interface Vector {
  readonly format: string;
  readonly program: string;
  readonly password: string;
  readonly hash: string;
  readonly salt?: string;
  /** `default` marks hashes made with the default cost of the program, which are slow to verify. */
  readonly note?: string;
}

const vectors: readonly (Vector & { readonly stored: string })[] = (
  JSON.parse(readFileSync('test/vectors/foreign-hashes.json', 'utf8')) as Vector[]
).map((vector) => ({
  ...vector,
  stored: vector.salt === undefined ? vector.hash : wrapFlaskSecurity(vector.salt, vector.hash),
}));
const cheap = vectors.filter(({ note, program }) => note !== 'default' && !program.includes('Drepper'));

/** One cheap vector of every format, digest and bcrypt letter. */
const kindOf = ({ format, hash }: Vector) => `${format} ${/^[${]?[\w-]+(:[a-z]\w+)?/i.exec(hash)?.[0]}`;
const samples = [...new Map(cheap.map((vector) => [kindOf(vector), vector])).values()];

function parse(stored: string): Compare {
  const format = foreignFormatOf(stored);
  if (format === undefined) throw new MalformedHash('of no format');
  return format.parse(stored);
}

/** Whether a login succeeds. An unreadable hash never matches; any other error fails the test. */
async function lets(password: string, stored: string): Promise<boolean> {
  try {
    return await parse(stored)(password);
  } catch (error) {
    if (error instanceof MalformedHash) return false;
    throw error;
  }
}

test('every format has vectors, including one of default cost, one that is not ASCII and a long one', () => {
  for (const { name } of FOREIGN_FORMATS) {
    const own = vectors.filter(({ format }) => format === name);
    const [usual, unicode] = [
      own.some(({ note }) => note === 'default'),
      own.some((each) => /[^ -~]/.test(each.password)),
    ];
    // From bcrypt's newest package, which rejects passwords that it used to truncate.
    const long = name === 'django-bcrypt' || own.some(({ password }) => password.length > 72);
    expect({ name, usual, unicode, long }).toEqual({ name, usual: true, unicode: true, long: true });
  }
});

test.each(vectors.map((vector) => [vector.format, vector.program, vector] as const))(
  '%s of %s: only its password matches',
  async (_format, _program, { password, stored, note }) => {
    const compare = parse(stored);
    expect(await compare(password)).toBe(true);
    if (note === 'default') return;
    expect(await compare(`!${password.slice(1)}!`)).toBe(false);
    expect(await compare('')).toBe(false);
    // Only bcrypt ignores bytes after the 72nd.
    const counts = !/^(bcrypt\$)?\$2[aby]\$/.test(stored) || Buffer.byteLength(password.slice(0, -1)) < 72;
    expect(await compare(password.slice(0, -1))).toBe(!counts);
  },
);

test('recognizes a hash as exactly one format', () => {
  for (const { format, stored } of vectors) {
    expect(FOREIGN_FORMATS.filter((each) => each.recognises(stored)).map(({ name }) => name)).toEqual([format]);
  }
});

test("bcrypt matches on a password's first 72 bytes, as the systems that made the hashes did", async () => {
  const long = vectors.find(({ password }) => password.startsWith('aaaaaaaaa'));
  expect(await lets('a'.repeat(72), long?.stored ?? '')).toBe(true);
  expect(await lets('a'.repeat(71), long?.stored ?? '')).toBe(false);
});

test('a password with NUL, which crypt(3) would cut there, matches no bcrypt and no SHA-crypt hash', async () => {
  for (const { password, stored } of samples.filter(({ format }) => /^bcrypt$|^sha/.test(format))) {
    for (const tail of ['\0', '\0more']) expect([stored, await lets(password + tail, stored)]).toEqual([stored, false]);
  }
});

test('rejects a password over the maximum length of SHA-crypt without an error', async () => {
  const [stored] = vectors.filter(({ format }) => format === 'sha512-crypt').slice(1);
  expect(await lets('x'.repeat(LIMITS.shaCryptPasswordBytes + 1), stored?.stored ?? '')).toBe(false);
});

test('SHA-crypt yields to the event loop between slices of rounds', async () => {
  const slow = vectors.find(({ stored }) => stored.startsWith('$6$rounds=123456$'));
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await parse(slow?.stored ?? '')('wrong');
  clearInterval(timer);
  expect(turns).toBeGreaterThan(10);
});

test.each(samples.map((sample) => [kindOf(sample), sample] as const))(
  'a truncated hash of %s matches no password',
  async (_kind, { password, stored }) => {
    const step = Math.max(1, Math.floor(stored.length / 40));
    for (let length = stored.length - 1; length > 0; length -= length > stored.length - 8 ? 1 : step) {
      expect([length, await lets(password, stored.slice(0, length))]).toEqual([length, false]);
    }
  },
);

test.each(samples.map((sample) => [kindOf(sample), sample] as const))(
  'a hash of %s with any field altered, emptied, doubled or omitted matches no password',
  async (_kind, { format, password, stored }) => {
    const parts = stored.split(/([$:,=}])/);
    for (const [index, part] of parts.entries()) {
      // A rotated letter at the start changes the bytes; at the end it may change only unused bits of base64.
      const rotated = part.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
      for (const altered of [rotated, `${part}A`, part.repeat(2), '']) {
        const text = parts.with(index, altered).join('');
        // A Django hash less its prefix is the PHC string that it holds.
        if (text === stored || (foreignFormatOf(text)?.name ?? format) !== format) continue;
        expect([text, await lets(password, text)]).toEqual([text, false]);
      }
    }
  },
);

const digest = { hex: 'a'.repeat(128), b64: `${'A'.repeat(86)}==`, phc: 'A'.repeat(43), salt: 'c2FsdHNhbHQ' };
const megabyte = 'A'.repeat(2 ** 20);
const NUMBERS = ['0', '-1', '+1', '1e3', '0x10', ' 8', '08', '8.0', '', 'NaN', '٨', '4294967297', '9007199254740993'];
const hostile = [
  ...['1073741824:8:1', '2097152:1:1', '32768:1048576:1', '32768:8:1048576', '32767:8:1', '1:8:1', '262144:8:1'],
  ...['131072:8:3', '2:8:33', '32768:33:1', '32768:8', '32768:8:1:1'],
  ...NUMBERS.flatMap((each) => [`${each}:8:1`, `32768:${each}:1`, `32768:8:${each}`]),
]
  .map((costs) => `scrypt:${costs}$salt$${digest.hex}`)
  .concat(
    ['1000000000', '2000001', ...NUMBERS].flatMap((count) => [
      `pbkdf2:sha256:${count}$salt$${digest.hex.slice(64)}`,
      `pbkdf2_sha256$${count}$salt$${'A'.repeat(43)}=`,
      `$pbkdf2-sha256$${count}$${digest.salt}$${digest.phc}`,
    ]),
    ['md5', 'sha3-256', 'SHA256', 'constructor', ''].map((name) => `pbkdf2:${name}:1000$salt$${digest.hex.slice(64)}`),
    [`pbkdf2:sha256$salt$${digest.hex.slice(64)}`, `pbkdf2:sha256:1000$$${digest.hex.slice(64)}`],
    ['1048576$salt$8$5', '16384$salt$8$1000000', '16385$salt$8$5', '16384$$8$5', '16384$salt$-8$5'].map(
      (costs) => `scrypt$${costs}$${digest.b64}`,
    ),
    ['ln=30,r=8,p=1', 'ln=99,r=8,p=1', 'ln=18,r=8,p=1', 'ln=0,r=8,p=1', 'ln=1e1,r=8,p=1', 'r=8,ln=14,p=1', ''].flatMap(
      (costs) => [
        `$scrypt$${costs}$${digest.salt}$${digest.phc}`,
        `$firescrypt$${costs}$c2FsdHNhbHQ=$${digest.b64}$Bw==$${digest.b64}`,
      ],
    ),
    ['m=4194304,t=1,p=1', 'm=131072,t=9,p=1', 'm=65536,t=4294967295,p=1', 'm=65536,t=3,p=255', 'm=8,t=1,p=2'].flatMap(
      (costs) => [`$argon2id$v=19$${costs}$${digest.salt}$${digest.phc}`, `argon2$argon2i$${costs}$${digest.salt}$AA`],
    ),
    [`$argon2id$v=18$m=64,t=1,p=1$${digest.salt}$${digest.phc}`, `argon2$argon2d$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAA`],
    ['03', '15', '31', '99', '00', '-4', '4'].flatMap((cost) => [
      `$2b$${cost}$${'a'.repeat(53)}`,
      `bcrypt_sha256$$2b$${cost}$${'a'.repeat(53)}`,
      wrapFlaskSecurity('salt', `$2y$${cost}$${'a'.repeat(53)}`),
    ]),
    ['999999999', '800001', '999', ...NUMBERS].map((rounds) => `$6$rounds=${rounds}$salt$${'a'.repeat(86)}`),
    [`$5$${'s'.repeat(17)}$${'a'.repeat(43)}`, `$6$salt$${'a'.repeat(43)}`, `{SSHA}${digest.b64.slice(0, 26)}==`],
    ['$flask-security$salt=$$2b$04$', '$flask-security$salt=c2FsdA', '$flask-security$salt=c2FsdA$pbkdf2_sha256$1$a$b'],
    [wrapFlaskSecurity('salt', wrapFlaskSecurity('salt', `$2b$04$${'a'.repeat(53)}`)), '{SSHA}', '$6$', '$argon2id$'],
    [`scrypt:32768:8:1$${'s'.repeat(1025)}$${digest.hex}`, `{SSHA}${Buffer.alloc(1045).toString('base64')}`],
    [`scrypt:32768:8:1$${megabyte}$${digest.hex}`, `$2b$04$${megabyte}`, `{SSHA512}${megabyte}`, `$6$${megabyte}`],
    [`$argon2id$v=19$m=64,t=1,p=1$${megabyte}$${digest.phc}`, `$flask-security$salt=${megabyte}$$2b$04$`],
    [`$firescrypt$${megabyte}`, `$scrypt$${megabyte}`, `$pbkdf2$${'$'.repeat(2 ** 20)}`, `scrypt:${':'.repeat(4000)}`],
  );

test.each(hostile.map((stored) => [stored.slice(0, 70), stored]))('rejects before hashing: %s', (_text, stored) => {
  expect(() => parse(stored)).toThrow(MalformedHash);
});

test('the reason for a rejection reveals nothing about the hash', () => {
  const reason = expect.objectContaining({ message: expect.not.stringMatching(/aabbcc|thesalt/) });
  for (const stored of ['scrypt:32768:8:1$thesalt$aabbcc', 'pbkdf2:sha256$thesalt$aabbcc', '$2b$31$aabbcc']) {
    expect(() => parse(stored)).toThrow(reason);
  }
});

test('accepts the costs that current programs and standards use', () => {
  const phc = `$${digest.salt}$${digest.phc}`;
  for (const stored of [
    `scrypt:32768:8:1$salt$${digest.hex}`,
    `pbkdf2:sha512:1000000$salt$${digest.hex}`,
    `pbkdf2_sha256$1200000$salt$${'A'.repeat(43)}=`,
    `argon2$argon2id$v=19$m=102400,t=2,p=8${phc}`,
    `$argon2id$v=19$m=65536,t=4,p=1${phc}`,
    `$argon2id$v=19$m=47104,t=1,p=1${phc}`,
    `$scrypt$ln=17,r=8,p=1${phc}`,
    `$2y$14$${'a'.repeat(53)}`,
    `$6$rounds=656000$salt$${'a'.repeat(86)}`,
  ]) {
    expect(() => parse(stored)).not.toThrow();
  }
});

test('rejects an invalid Flask-Security salt when it is set', () => {
  for (const salt of ['', 's'.repeat(1025)]) expect(() => wrapFlaskSecurity(salt, '$2b$')).toThrow(MalformedHash);
});

function parsesOrRefuses(stored: string): void {
  for (const format of FOREIGN_FORMATS) {
    try {
      format.parse(stored);
    } catch (error) {
      if (!(error instanceof MalformedHash)) throw error;
    }
  }
}

const prefixes = [...new Set(vectors.map(({ stored }) => stored.replace(/^([^$]*\$?[^$]*[$}]).*$/, '$1')))];

test('no text makes a format throw an unexpected error or hang', () => {
  const text = fc.string({ unit: 'binary', maxLength: 6000 });
  const claimed = fc.tuple(fc.constantFrom(...prefixes), fc.array(fc.oneof(text, fc.constantFrom('$', ':', ',', '='))));
  const any = fc.oneof(
    text,
    claimed.map(([prefix, rest]) => prefix + rest.join('')),
  );
  fc.assert(fc.property(any, parsesOrRefuses), { numRuns: 1500 });
});

test('a vector with characters altered, removed or inserted never throws an unexpected error', async () => {
  const mutated = fc
    .tuple(
      fc.constantFrom(...samples),
      fc.nat(),
      fc.nat({ max: 4 }),
      fc.string({ unit: fc.constantFrom(...'$:,=/+.09azAZ{}é\0'), maxLength: 4 }),
    )
    .map(([{ stored, password }, position, removed, added]) => {
      const at = position % (stored.length + 1);
      return { password, stored: stored.slice(0, at) + added + stored.slice(at + removed) };
    });
  await fc.assert(
    fc.asyncProperty(mutated, async ({ password, stored }) => void (await lets(password, stored))),
    { numRuns: 600, interruptAfterTimeLimit: 6000, markInterruptAsFailure: false },
  );
});
