/** The smallest ID of events at or after a time. The first 48 bits of a UUIDv7 are the time in milliseconds. */
export function firstIdOf(time: Date): string {
  const hex = Math.max(0, time.getTime()).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
