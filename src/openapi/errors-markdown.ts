import { type Language, messagesIn } from '../problems/language.js';
import type { FaultCode } from '../problems/messages.en.js';
import { errorGroups, errorGuideIn } from './error-catalogue.js';

/** Where the template of docs/errors.md has the generated part. */
const PLACE = '<!-- errors -->';

/** The text of docs/errors.md: the template with the tables of all errors. */
export function errorsMarkdown(template: string): string {
  return template.replace(PLACE, () => [...problemTables(), faultTable(), messageTable(), detailTable()].join('\n\n'));
}

function problemTables(): string[] {
  const { groups, problems } = errorGuideIn('en');
  return errorGroups().map(([group, kinds]) => {
    const rows = kinds.map(({ code, status }) => {
      const { when, action } = problems[code];
      return row(`\`${code}\``, String(status), when, action);
    });
    const table = ['| Code | Status | When | What to do |', '|---|---|---|---|', ...rows].join('\n');
    return [`## ${groups[group].title}`, groups[group].intro, table].filter((part) => part !== undefined).join('\n\n');
  });
}

function faultTable(): string {
  const { groups, faults } = errorGuideIn('en');
  const [en, es] = [messagesIn('en').faults, messagesIn('es').faults];
  const rows = (Object.keys(faults) as FaultCode[]).map((code) =>
    row(`\`${code}\``, faults[code], plain(en[code]), plain(es[code])),
  );
  const table = ['| Code | When | `detail` in English | `detail` in Spanish |', '|---|---|---|---|', ...rows].join(
    '\n',
  );
  return `## ${groups.faults.title}\n\n${groups.faults.intro}\n\n${table}`;
}

function messageTable(): string {
  const [en, es] = [messagesIn('en').problems, messagesIn('es').problems];
  const codes = errorGroups().flatMap(([, kinds]) => kinds.map(({ code }) => code));
  const text = ({ title, detail }: { title: string; detail: string }) => `**${plain(title)}.** ${plain(detail)}`;
  const rows = codes.map((code) => row(`\`${code}\``, text(en[code]), text(es[code])));
  const table = ['| Code | English | Spanish |', '|---|---|---|', ...rows].join('\n');
  return `## Messages\n\n\`title\` and \`detail\`, as users see them. Values replace the names in braces.\n\n${table}`;
}

function detailTable(): string {
  const texts = (language: Language) =>
    Object.entries(messagesIn(language).details).flatMap(([code, details]) =>
      Object.entries(details).map(([name, text]) => ({ name: `${code} ${name}`, code, text: plain(text) })),
    );
  const spanish = new Map(texts('es').map(({ name, text }) => [name, text]));
  const rows = texts('en').map(({ name, code, text }) => row(`\`${code}\``, text, spanish.get(name) ?? ''));
  const table = ['| Code | English | Spanish |', '|---|---|---|', ...rows].join('\n');
  return `If the server knows more, \`detail\` is one of these:\n\n${table}`;
}

function row(...cells: string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Text in which Markdown must not find anything. */
function plain(text: string): string {
  return text.replace(/[<*|]|__/g, (found) => found.replaceAll(/./g, '\\$&'));
}
