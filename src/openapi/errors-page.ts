import { type Language, messagesIn } from '../problems/language.js';
import type { FaultCode } from '../problems/messages.en.js';
import { type DocumentedError, detailsOf, errorGroups, errorGuideIn, faultDetail } from './error-catalogue.js';
import type { ErrorGuide } from './error-guide.js';

/** The page that explains every error code, in HTML. */
export function errorsPage(language: Language): string {
  const guide = errorGuideIn(language);
  const other = language === 'en' ? 'es' : 'en';
  const sections = errorGroups().map(([group, kinds]) =>
    section(guide, group, kinds.map((kind) => problem(kind, language, guide)).join('')),
  );
  const faults = Object.keys(guide.faults).map((code) => fault(code as FaultCode, language, guide));
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${guide.page.title} · Portero</title>
<link rel="icon" href="/docs/favicon.svg" type="image/svg+xml">
<link rel="apple-touch-icon" href="/docs/apple-touch-icon.png">
<link rel="stylesheet" href="/docs/portero.css">
</head>
<body>
<header class="bar">
<a class="brand" href="/docs"><img src="/docs/favicon.svg" alt="" width="28" height="28">Portero</a>
<nav aria-label="${guide.page.pages}">
<a href="/docs">API</a>
<a href="/docs/errors" aria-current="page">${guide.page.title}</a>
<a href="/docs/errors?lang=${other}" lang="${other}" hreflang="${other}">${guide.page.language}</a>
</nav>
</header>
<main class="page-of-errors">
<h1>${guide.page.title}</h1>
<p>${inline(guide.page.intro)}</p>
${sections.join('\n')}
${section(guide, 'faults', faults.join(''))}
</main>
</body>
</html>
`;
}

function section({ groups }: ErrorGuide, name: keyof ErrorGuide['groups'], content: string): string {
  const { title, intro } = groups[name];
  const codes = [...content.matchAll(/ id="(\w+)"/g)].map(([, code]) => `<li><a href="#${code}">${code}</a></li>`);
  return `<section>
<h2>${title}</h2>
${intro === undefined ? '' : `<p>${inline(intro)}</p>\n`}<ul class="codes">${codes.join('')}</ul>
${content}</section>`;
}

function problem({ code, statuses }: DocumentedError, language: Language, { page, problems }: ErrorGuide): string {
  const { title } = messagesIn(language).problems[code];
  const [detail = '', ...others] = detailsOf(code, language);
  const { when, action } = problems[code];
  return `<article class="error" id="${code}">
<h3><a href="#${code}">${code}</a> <span class="status">${statuses.join(', ')}</span></h3>
<p><b>${escapeHtml(title)}.</b> ${escapeHtml(detail)}</p>
${others.length === 0 ? '' : `<details><summary>${page.others}</summary><ul>${others.map((text) => `<li>${escapeHtml(text)}</li>`).join('')}</ul></details>\n`}<dl><dt>${page.when}</dt><dd>${inline(when)}</dd><dt>${page.action}</dt><dd>${inline(action)}</dd></dl>
</article>
`;
}

function fault(code: FaultCode, language: Language, { page, faults }: ErrorGuide): string {
  return `<article class="error" id="${code}">
<h3><a href="#${code}">${code}</a></h3>
<p>${escapeHtml(faultDetail(code, language))}</p>
<dl><dt>${page.when}</dt><dd>${inline(faults[code])}</dd></dl>
</article>
`;
}

/** Converts Markdown to HTML. Links become text, because they lead to pages of the repository. */
function inline(markdown: string): string {
  return escapeHtml(markdown)
    .replace(/\[([^\][]+)\]\([^()]+\)/g, '$1')
    .replace(/`([^`]+)`/g, '<code>$1</code>');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
