import { CommandFailed } from '../command-failed.js';
import { type Line, lines, MAX_LINE_BYTES } from './lines.js';
import { type Column, checkColumns, type RowValues, type SourceRow } from './source-row.js';

type Fields = { fields: string[] } | { fault: string } | { open: true };

/**
 * Reads CSV with a header (RFC 4180). The separator is the one in the header: comma, semicolon or tab.
 *
 * @throws CommandFailed if the header has an unknown column, or if a quote is not closed, so that rows can't be recognized
 */
export async function* csvRows(chunks: AsyncIterable<Buffer>): AsyncGenerator<SourceRow> {
  const source = lines(chunks);
  const header = (await source.next()).value as Line | undefined;
  if (!header?.text) throw new CommandFailed('the first line must name the columns');
  const separator = [',', ';', '\t'].find((candidate) => header.text?.includes(candidate)) ?? ',';
  const columns = readHeader(header.text, separator);
  for await (const line of source) {
    if (line.text === '') continue;
    const record = line.text === undefined ? { fault: 'is longer than 1 MiB' } : await read(line, source, separator);
    yield { line: line.number, ...('fault' in record ? record : named(columns, record.fields)) };
  }
}

function readHeader(text: string, separator: string): Column[] {
  const header = split(text, separator);
  if (!('fields' in header)) throw new CommandFailed('the first line must name the columns');
  return checkColumns(header.fields.map((name) => name.trim()));
}

function named(columns: Column[], fields: string[]): { values: RowValues } | { fault: string } {
  if (fields.length !== columns.length) {
    return { fault: `has ${fields.length} fields, but the header has ${columns.length}` };
  }
  return { values: Object.fromEntries(columns.map((column, index) => [column, fields[index]])) };
}

/** Reads one record, with all lines of its quoted fields. */
async function read(
  first: Line,
  source: AsyncGenerator<Line>,
  separator: string,
): Promise<{ fields: string[] } | { fault: string }> {
  let text = first.text as string;
  for (;;) {
    const record = split(text, separator);
    if (!('open' in record)) return record;
    const next = (await source.next()).value as Line | undefined;
    if (next?.text === undefined || text.length + next.text.length > MAX_ROW_LENGTH) {
      throw new CommandFailed(`line ${first.number}: a quote is not closed within ${MAX_ROW_LENGTH} characters`);
    }
    text += `\n${next.text}`;
  }
}

/** Shorter than the longest line, because every further line of a record parses it again from the start. */
const MAX_ROW_LENGTH = MAX_LINE_BYTES / 32;

function split(text: string, separator: string): Fields {
  if (!text.includes('"')) return { fields: text.split(separator) };
  const fields: string[] = [];
  for (let position = 0; position <= text.length; position++) {
    if (text[position] === '"') {
      const end = closingQuote(text, position + 1);
      if (end === -1) return { open: true };
      fields.push(text.slice(position + 1, end).replaceAll('""', '"'));
      position = end + 1;
      if (position < text.length && text[position] !== separator) return { fault: 'has text after a closing quote' };
    } else {
      const found = text.indexOf(separator, position);
      const end = found === -1 ? text.length : found;
      const field = text.slice(position, end);
      if (field.includes('"')) return { fault: 'has a quote in a field that does not start with one' };
      fields.push(field);
      position = end;
    }
  }
  return { fields };
}

function closingQuote(text: string, start: number): number {
  let position = text.indexOf('"', start);
  while (position !== -1 && text[position + 1] === '"') position = text.indexOf('"', position + 2);
  return position;
}
