import { createReadStream, fstatSync, openSync } from 'node:fs';
import { extname } from 'node:path';
import { CommandFailed } from '../command-failed.js';
import { binaryKind } from './binary-kind.js';
import { csvRows } from './csv-rows.js';
import { jsonlRows } from './jsonl-rows.js';
import type { RowSource, SourceRow } from './source-row.js';

export type TextFormat = 'csv' | 'jsonl';

const READERS: Record<TextFormat, (chunks: AsyncIterable<Buffer>) => AsyncGenerator<SourceRow>> = {
  csv: csvRows,
  jsonl: jsonlRows,
};
const BY_EXTENSION: Record<string, TextFormat> = { '.csv': 'csv', '.jsonl': 'jsonl', '.ndjson': 'jsonl' };

/**
 * Opens a file, or standard input for `-`. Without `format`, the file extension or the first character decides.
 *
 * @param stdin the stream to read for `-`
 * @throws CommandFailed if it can't be opened
 */
export function textSource(file: string, format: TextFormat | undefined, stdin: AsyncIterable<Buffer>): RowSource {
  const { stream, size, close } = file === '-' ? { stream: stdin, size: undefined, close: () => {} } : openFile(file);
  let read = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of stream) {
        read += chunk.length;
        yield chunk;
      }
    } catch (error) {
      throw new CommandFailed(`can't read ${file}: ${(error as Error).message}`);
    }
  }
  return {
    rows: rowsOf(counted(), format ?? BY_EXTENSION[extname(file).toLowerCase()]),
    unit: 'line',
    fraction: () => (size ? read / size : undefined),
    close,
  };
}

function openFile(file: string) {
  try {
    const fd = openSync(file, 'r');
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw new Error('it is a folder');
    const stream = createReadStream(file, { fd });
    return { stream, size: stat.isFile() ? stat.size : undefined, close: () => void stream.destroy() };
  } catch (error) {
    throw new CommandFailed(`can't read ${file}: ${(error as Error).message}`);
  }
}

async function* rowsOf(chunks: AsyncGenerator<Buffer>, format: TextFormat | undefined): AsyncGenerator<SourceRow> {
  const { value: first, done } = await chunks.next();
  if (done || first === undefined) throw new CommandFailed('the file is empty');
  const binary = binaryKind(first);
  if (binary !== undefined) throw new CommandFailed(`the file ${binary}`);
  const start = first.toString('utf8', 0, 64).replace('\uFEFF', '').trimStart()[0];
  if (start === '[' && format !== 'csv') {
    throw new CommandFailed(
      "the file is a JSON array; convert it to one object per line, for example with jq -c '.[]'",
    );
  }
  const reader = READERS[format ?? (start === '{' ? 'jsonl' : 'csv')];
  yield* reader(resumed(first, chunks));
}

async function* resumed(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}
