// node scripts/lint-regexps.mjs <folder or file>…
// Fails if a regular expression takes more than linear time on some text, or can't be analyzed. For each it prints a
// text to try.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

// Without it, recheck prefers a Java or native process, whose findings depend on the machine's speed.
process.env.RECHECK_BACKEND = 'pure';
const { checkSync } = await import('recheck');
const PARAMETERS = { timeout: 30_000, randomSeed: 1 };

/** The literals and the constant patterns of `new RegExp` and `RegExp` in a file. A pattern made at run time has no source. */
function regularExpressions(path) {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ESNext, true);
  const found = [];
  const add = (node, source, flags) => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
    found.push({ where: `${path}:${line + 1}`, text: node.getText(file), source, flags });
  };
  const visit = (node) => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      add(node, node.text.slice(1, end), node.text.slice(end + 1));
    } else if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText(file) === 'RegExp') {
      const [source, flags] = node.arguments ?? [];
      add(node, source && ts.isStringLiteralLike(source) ? source.text : undefined, flags?.text ?? '');
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The fault of a regular expression; undefined if it is linear. */
function fault({ source, flags }) {
  if (source === undefined) return 'is made at run time and can not be judged';
  const { status, complexity, attack, error } = checkSync(source, flags, PARAMETERS);
  if (status === 'safe') return undefined;
  if (status === 'vulnerable') return `takes ${complexity.summary} time: ${attack.pattern}`;
  return `can not be judged: ${error?.kind ?? status}`;
}

function sources(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true })
    .filter((name) => /\.[cm]?[jt]s$/.test(name))
    .map((name) => join(path, name));
}

const all = process.argv.slice(2).flatMap(sources).flatMap(regularExpressions);
const faults = all.flatMap((one) => {
  const found = fault(one);
  return found === undefined ? [] : [`${one.where} ${one.text} ${found}`];
});
for (const line of faults) console.error(line);
console.log(`${all.length} regular expressions, ${faults.length} of them not linear`);
if (faults.length > 0 || all.length === 0) process.exitCode = 1;
