/** RFC 8176: more than one factor was used. */
const MULTIPLE_FACTORS = 'mfa';

/** The methods of an authentication, as RFC 8176 values, after a second factor was proved besides. */
export function withSecondFactor(first: readonly string[], second: readonly string[]): string[] {
  return [...new Set([...first, ...second, MULTIPLE_FACTORS])];
}
