import { InvalidArgumentError } from 'commander';

/** Parses the argument of an option such as `--limit`. @throws InvalidArgumentError */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}
