/** The text is JSON, but holds what two readers could take differently. */
export class AmbiguousJson extends SyntaxError {
  override name = 'AmbiguousJson';
}

const STRING = /"(?:[^"\\]|\\.)*"/g;

/**
 * Parses JSON (RFC 8259) that means the same to every reader: a member named twice is refused (§4), since some
 * parsers take the first and others the last, and so is `__proto__`.
 *
 * @throws SyntaxError, AmbiguousJson
 */
export function parseStrictJson(text: string): unknown {
  let members = 0;
  const value: unknown = JSON.parse(text, function (this: unknown, key, member) {
    if (key === '__proto__') throw new AmbiguousJson('a member is named __proto__');
    if (!Array.isArray(this)) members += 1;
    return member;
  });
  // Outside of strings a colon stands after each name as written, and the parser has kept one of each name. The
  // reviver has met one more: the value itself, as the member of an object made for it.
  if (text.replace(STRING, '').split(':').length !== members) throw new AmbiguousJson('a member is named twice');
  return value;
}
