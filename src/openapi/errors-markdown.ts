import { messagesIn } from '../problems/language.js';
import type { FaultCode } from '../problems/messages.en.js';
import { detailsOf, errorGroups, errorGuideIn, faultDetail } from './error-catalogue.js';

/** The place of the generated part in the template. */
const PLACE = '<!-- errors -->';

/** Returns the text of docs/errors.md: the template with the tables of all errors. */
export function errorsMarkdown(template: string): string {
  return template.replace(PLACE, () => [...problemTables(), faultTable(), messageTable()].join('\n\n'));
}

function problemTables(): string[] {
  const { groups, problems } = errorGuideIn('en');
  return errorGroups().map(([group, kinds]) => {
    const rows = kinds.map(({ code, statuses }) => {
      const { when, action } = problems[code];
      return row(`\`${code}\``, statuses.join(', '), when, action);
    });
    const table = ['| Code | Status | When | What to do |', '|---|---|---|---|', ...rows].join('\n');
    return [`## ${groups[group].title}`, groups[group].intro, table].filter((part) => part !== undefined).join('\n\n');
  });
}

function faultTable(): string {
  const { groups, faults } = errorGuideIn('en');
  const rows = (Object.keys(faults) as FaultCode[]).map((code) =>
    row(`\`${code}\``, faults[code], plain(faultDetail(code, 'en')), plain(faultDetail(code, 'es'))),
  );
  const table = ['| Code | When | `detail` in English | `detail` in Spanish |', '|---|---|---|---|', ...rows].join(
    '\n',
  );
  return `## ${groups.faults.title}\n\n${groups.faults.intro}\n\n${table}`;
}

function messageTable(): string {
  const [en, es] = [messagesIn('en').problems, messagesIn('es').problems];
  const codes = errorGroups().flatMap(([, kinds]) => kinds.map(({ code }) => code));
  const rows = codes.flatMap((code) => {
    const [detailsEn, detailsEs] = [detailsOf(code, 'en'), detailsOf(code, 'es')];
    const first = row(
      `\`${code}\``,
      `**${en[code].title}.** ${plain(detailsEn[0])}`,
      `**${es[code].title}.** ${plain(detailsEs[0])}`,
    );
    return [first, ...detailsEn.slice(1).map((text, index) => row('', plain(text), plain(detailsEs[index + 1])))];
  });
  const table = ['| Code | English | Spanish |', '|---|---|---|', ...rows].join('\n');
  return `## Messages\n\n\`title\` and \`detail\`, as users see them. A row without a code is a more precise \`detail\` of the code above.\n\n${table}`;
}

function row(...cells: string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Escapes Markdown. */
function plain(text = ''): string {
  return text.replace(/[<*|]|__/g, (found) => found.replaceAll(/./g, '\\$&'));
}
