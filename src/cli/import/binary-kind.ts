/** The first bytes of some file formats, and what to do with such a file. */
const KINDS: readonly [start: string, message: string][] = [
  ['SQLite format 3\0', 'is a SQLite database: use --sqlite, --table and --hash'],
  ['PK\x03\x04', 'is a spreadsheet or ZIP archive: save it as CSV in UTF-8'],
  ['\x1f\x8b', 'is compressed: decompress it first (gunzip)'],
  ['\xff\xfe', 'is UTF-16 text: convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)'],
  ['\xfe\xff', 'is UTF-16 text: convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)'],
];

/** Control characters that are not in text files. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it must find control characters
const CONTROL = /[\0-\x08\x0e-\x1a\x1c-\x1f]/;
const CHECKED_BYTES = 1024;

/** Names the format of a file that is not text by its first bytes, as the end of a sentence. @returns undefined for text */
export function binaryKind(first: Buffer): string | undefined {
  const start = first.toString('latin1', 0, CHECKED_BYTES);
  const [, known] = KINDS.find(([bytes]) => start.startsWith(bytes)) ?? [];
  if (known !== undefined) return known;
  return CONTROL.test(start) ? 'is not text: CSV or JSON Lines in UTF-8 are required' : undefined;
}
