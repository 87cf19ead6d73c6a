const FORM = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d+)?)? ?(Z|[+-]\d\d(?::?\d\d)?)?$/i;
const EPOCH = /^\d{9,13}$/;
/** Smaller numbers are seconds, others milliseconds (since 1973). */
const FIRST_MILLISECONDS = 1e11;

/**
 * Parses a time in the formats of databases: RFC 3339, also with a space instead of the T or with a time zone of hours only
 * (default UTC), a date, or seconds or milliseconds since 1970. Returns undefined for other text, and for times before 1970
 * or more than one day in the future.
 */
export function readTime(text: string): Date | undefined {
  const date = EPOCH.test(text) ? fromEpoch(Number(text)) : fromText(text);
  const time = date?.getTime() ?? Number.NaN;
  return time >= 0 && time <= Date.now() + 86_400_000 ? date : undefined;
}

function fromEpoch(number: number): Date {
  return new Date(number < FIRST_MILLISECONDS ? number * 1000 : number);
}

function fromText(text: string): Date | undefined {
  const match = FORM.exec(text);
  if (!match) return undefined;
  const [, day, time = '00:00', fraction = '', zone = 'Z'] = match;
  const [, sign = '+', hours = '00', minutes = '00'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  const seconds = time.length === 5 ? ':00' : '';
  return new Date(`${day}T${time}${seconds}${fraction.slice(0, 4)}${sign}${hours}:${minutes}`);
}
