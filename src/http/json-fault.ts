import { printParseErrorCode, visit } from 'jsonc-parser';
import type { AuthErrorOptions } from '../problems/auth-error.js';

type Detail = NonNullable<AuthErrorOptions['detail']>;

/** The errors of jsonc-parser, and the text for each. */
const NAMES = {
  InvalidSymbol: 'json_bad_word',
  InvalidNumberFormat: 'json_bad_number',
  PropertyNameExpected: 'json_name_expected',
  ValueExpected: 'json_value_expected',
  ColonExpected: 'json_colon_expected',
  CommaExpected: 'json_comma_expected',
  CloseBraceExpected: 'json_brace_expected',
  CloseBracketExpected: 'json_bracket_expected',
  EndOfFileExpected: 'json_end_expected',
  InvalidCommentToken: 'json_comment',
  UnexpectedEndOfComment: 'json_comment',
  UnexpectedEndOfString: 'json_string_unclosed',
  UnexpectedEndOfNumber: 'json_bad_number',
  InvalidUnicode: 'json_bad_escape',
  InvalidEscapeCharacter: 'json_bad_escape',
  InvalidCharacter: 'json_bad_character',
} as const satisfies Record<string, Detail['name']>;

/** Ends the visit at the first fault: the parser goes on, and a body of faults would take it 10 ms. */
class FoundFault extends Error {
  constructor(readonly detail: Detail) {
    super(detail.name);
  }
}

/** Other names are not repeated in the response. */
const PLAIN_NAME = /^[\w-]{1,64}$/;

/**
 * Finds the first fault of a text that `parseStrictJson` rejects, with its line and column (both from 1; columns in UTF-16 code
 * units). Values of the text are never part of the result.
 *
 * @returns undefined if this parser finds no fault
 */
export function findJsonFault(text: string): Detail | undefined {
  const report = (name: Detail['name'], line: number, character: number, values = {}) => {
    throw new FoundFault({ name, values: { ...values, line: line + 1, column: character + 1 } });
  };
  const objects: Set<string>[] = [];
  try {
    visit(
      text,
      {
        onObjectBegin: () => void objects.push(new Set()),
        onObjectEnd: () => void objects.pop(),
        onObjectProperty: (name, _offset, _length, line, character) => {
          const names = objects.at(-1);
          if (name === '__proto__') report('json_field_forbidden', line, character);
          if (names?.has(name) && PLAIN_NAME.test(name)) report('json_field_repeated', line, character, { name });
          names?.add(name);
        },
        onError: (code, _offset, _length, line, character) => {
          report(NAMES[printParseErrorCode(code) as keyof typeof NAMES], line, character);
        },
      },
      { disallowComments: true },
    );
  } catch (error) {
    if (error instanceof FoundFault) return error.detail;
    // The parser is recursive, and the text may be nested more deeply after the place where `parseStrictJson` stopped.
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}
