/** A value as it is, or in quotes with escapes, so that values from clients can't forge lines or move the cursor. */
export function quoted(value: unknown): string {
  const text = String(value);
  return /^[\w.:/@+-]*$/.test(text) ? text : JSON.stringify(text).replace(/[\p{C}\u2028\u2029]/gu, '?');
}
