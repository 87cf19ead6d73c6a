/** Characters that a terminal may obey or hide, and line ends other than \n. JSON escapes only those of ASCII. */
const INVISIBLE = /[^\P{C}\n\t]|[\u2028\u2029]/gu;

/** Escapes invisible characters in a line of JSON, whose values stay the same. */
export function escapeInvisible(json: string): string {
  return json.replace(INVISIBLE, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** Replaces invisible characters in a line, such as those that a client has sent. */
export function replaceInvisible(line: string): string {
  return line.replace(INVISIBLE, '?');
}
