/** Characters that change how the text around them looks: controls, line ends, bidirectional controls (UTR 36). */
const INVISIBLE = /[\p{C}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu;

/** Scripts that are written from right to left. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

const ELLIPSIS = '…';

/**
 * A value of a user as part of our text: on one line, without invisible characters, and unable to reorder the text around it
 * (FSI and PDI of Unicode UAX 9).
 */
export function shown(value: string, maxLength = 254): string {
  const characters = [...value.replace(/\s+/g, ' ').replace(INVISIBLE, '').trim()];
  const text =
    characters.length > maxLength ? `${characters.slice(0, maxLength - 1).join('')}${ELLIPSIS}` : characters.join('');
  return RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
}
