/** One line of text, without the line break. `text` is undefined if the line is longer than `MAX_LINE_BYTES`. */
export interface Line {
  number: number;
  text: string | undefined;
}

/** In bytes. The longest valid row has a few kilobytes. */
export const MAX_LINE_BYTES = 1024 * 1024;

const LF = 0x0a;

/** Reads lines of UTF-8 text that end with LF or CR LF. Removes a byte order mark. Keeps only one line in memory. */
export async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let number = 1;
  let pending: Buffer[] = [];
  let length = 0;
  const keep = (piece: Buffer) => {
    length += piece.length;
    if (length <= MAX_LINE_BYTES) pending.push(piece);
    else pending = [];
  };
  const take = (): Line => {
    const text = length > MAX_LINE_BYTES ? undefined : textOf(pending, number);
    pending = [];
    length = 0;
    return { number: number++, text };
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      keep(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    if (start < chunk.length) keep(chunk.subarray(start));
  }
  if (length > 0) yield take();
}

function textOf(pieces: Buffer[], number: number): string {
  const text = (pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)).toString('utf8');
  const start = number === 1 && text.startsWith('\uFEFF') ? 1 : 0;
  return text.slice(start, text.endsWith('\r') ? -1 : undefined);
}
