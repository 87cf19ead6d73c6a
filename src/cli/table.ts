/** Formats rows under a header. Columns of numbers are right-aligned. */
export function table(header: readonly string[], rows: readonly string[][]): string {
  const all = [header, ...rows];
  const columns = header.map((_, column) => ({
    width: Math.max(...all.map((row) => (row[column] ?? '').length)),
    pad: rows.length > 0 && rows.every((row) => /^\d+$/.test(row[column] ?? '')) ? 'padStart' : 'padEnd',
  })) as { width: number; pad: 'padStart' | 'padEnd' }[];
  return all
    .map((row) =>
      columns
        .map(({ width, pad }, column) => (row[column] ?? '')[pad](width))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A time in a table: UTC, to the second. */
export function when(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
