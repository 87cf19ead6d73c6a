import { CommandFailed } from '../command-failed.js';
import { type Line, lines } from './lines.js';
import { COLUMNS, type SourceRow, unknownColumn } from './source-row.js';

/**
 * Reads JSON Lines: one object per line. Blank lines are skipped.
 *
 * @throws CommandFailed if the first object has an unknown field, because all objects will probably have it
 */
export async function* jsonlRows(chunks: AsyncIterable<Buffer>): AsyncGenerator<SourceRow> {
  let first = true;
  for await (const line of lines(chunks)) {
    if (line.text?.trim() === '') continue;
    const row = readRow(line);
    if ('unknown' in row) {
      const known = `known: ${COLUMNS.join(', ')}`;
      if (first) throw new CommandFailed(`${row.unknown} is not a known field; ${known}`);
      yield { line: line.number, fault: `has an unknown field ${row.unknown}` };
    } else {
      yield row;
    }
    first = false;
  }
}

function readRow({ number, text }: Line): SourceRow | { unknown: string } {
  if (text === undefined) return { line: number, fault: 'is longer than 1 MiB' };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The message of the parser quotes the line, which may contain a hash.
    return { line: number, fault: 'is not valid JSON' };
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return { line: number, fault: 'is not a JSON object' };
  }
  const unknown = unknownColumn(Object.keys(parsed));
  return unknown === undefined ? { line: number, values: parsed } : { unknown };
}
