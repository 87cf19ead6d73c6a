/** The text is JSON that different parsers read differently. */
export class AmbiguousJson extends SyntaxError {
  override name = 'AmbiguousJson';
}

/** The text is nested more deeply than any body or token needs to be. */
export class JsonTooDeep extends AmbiguousJson {
  override name = 'JsonTooDeep';
}

/** No body or token needs more. */
const DEEPEST = 32;

/**
 * Parses JSON (RFC 8259) that every parser reads the same way. Rejects duplicate members (§4), because some parsers use the
 * first and others the last, and `__proto__`. The nesting depth is limited (§9), because readers of the value may be recursive.
 *
 * @throws SyntaxError, AmbiguousJson, JsonTooDeep
 */
export function parseStrictJson(text: string): unknown {
  const { depth, colons } = outline(text);
  if (depth > DEEPEST) throw new JsonTooDeep('it is nested too deeply');
  let members = 0;
  const value: unknown = JSON.parse(text, function (this: unknown, key, member) {
    if (key === '__proto__') throw new AmbiguousJson('a member is named __proto__');
    if (!Array.isArray(this)) members += 1;
    return member;
  });
  // Outside of strings there is one colon per member as written, while the parser keeps one member per name. The reviver
  // is called once more, for the value itself.
  if (colons + 1 !== members) throw new AmbiguousJson('a member is named twice');
  return value;
}

/** The nesting depth of a text and the number of colons outside of its strings, in one pass. */
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
