// Makes src/passwords/common-passwords.bin with the code that reads it:
//
//   npm run build
//   (cd /tmp && npm pack @zxcvbn-ts/language-common@4.1.3 && tar xzf zxcvbn-ts-language-common-4.1.3.tgz)
//   node scripts/make-common-passwords.mjs /tmp/package/src/passwords.json
import { readFileSync, writeFileSync } from 'node:fs';
import { FINGERPRINT_BYTES, fingerprint } from '../build/src/passwords/common-passwords.js';

const [source] = process.argv.slice(2);
if (source === undefined) {
  process.stderr.write('usage: node scripts/make-common-passwords.mjs PASSWORDS.JSON\n');
  process.exit(2);
}

const passwords = [...JSON.parse(readFileSync(source, 'utf8')), ...repetitions()];
const fingerprints = [...new Set(passwords.map(fingerprint))].sort((a, b) => a - b);
const list = Buffer.alloc(fingerprints.length * FINGERPRINT_BYTES);
for (const [index, value] of fingerprints.entries()) {
  list.writeUIntBE(value, index * FINGERPRINT_BYTES, FINGERPRINT_BYTES);
}
writeFileSync(new URL('../src/passwords/common-passwords.bin', import.meta.url), list);

const long = new Set(passwords.filter((password) => [...password].length >= 8)).size;
process.stdout.write(`${fingerprints.length} entries, ${long} of them of 8 characters or more, ${list.length} bytes\n`);

/** One letter or digit, 8 to 14 times. The list of zxcvbn omits them because it finds them with a rule. */
function repetitions() {
  const lengths = Array.from({ length: 7 }, (_, index) => index + 8);
  return [...'abcdefghijklmnopqrstuvwxyz0123456789'].flatMap((one) => lengths.map((length) => one.repeat(length)));
}
