/** The text is JSON, but holds what two readers could take differently. */
export class AmbiguousJson extends SyntaxError {
  override name = 'AmbiguousJson';
}

/** Deeper than any body or token has reason to be. */
const DEEPEST = 32;

/**
 * Parses JSON (RFC 8259) that means the same to every reader: a member named twice is refused (§4), since some
 * parsers take the first and others the last, and so is `__proto__`. Nesting is bounded (§9): what reads the value
 * may call itself for each level.
 *
 * @throws SyntaxError, AmbiguousJson
 */
export function parseStrictJson(text: string): unknown {
  const { depth, colons } = outline(text);
  if (depth > DEEPEST) throw new AmbiguousJson('it is nested too deeply');
  let members = 0;
  const value: unknown = JSON.parse(text, function (this: unknown, key, member) {
    if (key === '__proto__') throw new AmbiguousJson('a member is named __proto__');
    if (!Array.isArray(this)) members += 1;
    return member;
  });
  // Outside of strings a colon stands after each name as written, and the parser has kept one of each name. The
  // reviver has met one more: the value itself, as the member of an object made for it.
  if (colons + 1 !== members) throw new AmbiguousJson('a member is named twice');
  return value;
}

/** How deeply a text is nested, and how many colons stand outside of its strings: before it is parsed, in one pass. */
function outline(text: string): { depth: number; colons: number } {
  let [level, depth, colons] = [0, 0, 0];
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '"') inString = !inString;
    else if (inString) index += character === '\\' ? 1 : 0;
    else if (character === '[' || character === '{') level += 1;
    else if (character === ']' || character === '}') level -= 1;
    else if (character === ':') colons += 1;
    depth = Math.max(depth, level);
  }
  return { depth, colons };
}
