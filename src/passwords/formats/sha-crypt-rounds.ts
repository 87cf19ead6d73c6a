import { createHash, hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

/** The input of SHA-crypt. */
export interface ShaCrypt {
  readonly algorithm: 'sha256' | 'sha512';
  readonly rounds: number;
  readonly salt: Buffer;
  readonly password: Buffer;
}

const SLICE_MS = 2;
/** Rounds between two readings of the clock: some tens of microseconds. */
const ROUNDS_PER_LOOK = 16;
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Computes the digest of Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512" (2007); the step numbers are from there. No
 * library offers it in the thread pool, so the rounds run in slices, with the event loop free in between.
 */
export async function shaCrypt(input: ShaCrypt): Promise<string> {
  const { algorithm, password, salt } = input;
  const first = firstDigest(input);
  // Steps 13–16, 17–20.
  const p = repeated(sha(algorithm, ...Array<Buffer>(password.length).fill(password)), password.length);
  const s = repeated(sha(algorithm, ...Array<Buffer>(16 + (first[0] ?? 0)).fill(salt)), salt.length);
  return encoded(await allRounds(input, first, p, s));
}

/** Steps 1–12. */
function firstDigest({ algorithm, password, salt }: ShaCrypt): Buffer {
  const alternate = sha(algorithm, password, salt, password);
  const parts = [password, salt, repeated(alternate, password.length)];
  for (let bits = password.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? alternate : password);
  return sha(algorithm, ...parts);
}

/** Step 21. The input of a round depends only on its number modulo 2, 3 and 7, and on the previous digest. */
async function allRounds({ algorithm, rounds }: ShaCrypt, first: Buffer, p: Buffer, s: Buffer): Promise<Buffer> {
  const templates = Array.from({ length: 42 }, (_, round) => {
    const middle = [...(round % 3 ? [s] : []), ...(round % 7 ? [p] : [])];
    const parts = round % 2 ? [p, ...middle, first] : [first, ...middle, p];
    const text = Buffer.concat(parts);
    return { text, at: round % 2 ? text.length - first.length : 0 };
  });
  let digest = first;
  let sliceEnd = performance.now() + SLICE_MS;
  for (let round = 0; round < rounds; round++) {
    const { text, at } = templates[round % 42] as (typeof templates)[number];
    digest.copy(text, at);
    digest = hash(algorithm, text, 'buffer');
    if (round % ROUNDS_PER_LOOK === 0 && performance.now() > sliceEnd) {
      await setImmediate();
      sliceEnd = performance.now() + SLICE_MS;
    }
  }
  return digest;
}

/** Step 22: three bytes become four characters, low bits first, in an order that rotates through the thirds of the digest. */
function encoded(digest: Buffer): string {
  const third = Math.floor(digest.length / 3);
  let text = '';
  let order: [number, number, number] = [0, third, 2 * third];
  for (let group = 0; group < third; group++) {
    const [a, b, c] = order;
    text += characters(digest, [a, b, c], 4);
    order = digest.length === 32 ? [c + 1, a + 1, b + 1] : [b + 1, c + 1, a + 1];
  }
  return text + (digest.length === 32 ? characters(digest, [31, 30], 3) : characters(digest, [63], 2));
}

function characters(digest: Buffer, indexes: readonly number[], count: number): string {
  let bits = indexes.reduce((value, index) => (value << 8) | (digest[index] ?? 0), 0);
  let text = '';
  for (let i = 0; i < count; i++, bits >>= 6) text += ALPHABET[bits & 63];
  return text;
}

function sha(algorithm: string, ...parts: readonly Buffer[]): Buffer {
  const whole = createHash(algorithm);
  for (const part of parts) whole.update(part);
  return whole.digest();
}

const repeated = (bytes: Buffer, length: number) => Buffer.alloc(length, bytes);
