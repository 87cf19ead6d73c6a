import { readdirSync, readFileSync } from 'node:fs';
import { errorGroups, errorGuideIn } from '../../../src/openapi/error-catalogue.js';
import { errorsMarkdown } from '../../../src/openapi/errors-markdown.js';
import { messagesIn } from '../../../src/problems/language.js';
import { TestServer } from '../../support/server.js';

/** The page /docs/errors and docs/errors.md, which have one source. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

test('docs/errors.md is what npm run docs:errors writes', () => {
  expect(readFileSync('docs/errors.md', 'utf8')).toBe(
    errorsMarkdown(readFileSync('src/openapi/errors.template.md', 'utf8')),
  );
});

test('the catalogue has every error class of the code once', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(`src/${path}`, 'utf8'));
  const inCode = sources.flatMap((source) =>
    [...source.matchAll(/static readonly code = '(\w+)';\s+static readonly status = (\d+)/g)].map(
      ([, code, status]) => `${code} ${status}`,
    ),
  );
  const inCatalogue = errorGroups().flatMap(([, kinds]) =>
    kinds.flatMap(({ code, statuses }) => statuses.map((status) => `${code} ${status}`)),
  );
  expect(inCatalogue.sort()).toEqual(inCode.sort());
  // One entry per code, also if it has several statuses.
  expect(errorGroups().flatMap(([, kinds]) => kinds)).toHaveLength(Object.keys(messagesIn('en').problems).length);
});

test('docs/errors.md lists every message in both languages, as users see it', () => {
  const text = readFileSync('docs/errors.md', 'utf8').replaceAll('\\', '');
  for (const language of ['en', 'es'] as const) {
    const { problems, details, faults } = messagesIn(language);
    const cells = [
      ...Object.values(problems).map(({ title, detail }) => `**${title}.** ${detail}`),
      ...Object.values(details).flatMap((texts) => Object.values(texts)),
      ...Object.values(faults),
    ];
    for (const cell of cells) expect(text).toMatch(asPattern(`| ${cell} |`));
  }
});

test.each(['en', 'es'] as const)('the page explains every code in %s, each at its own anchor', async (language) => {
  const { headers, text } = await server.client.get('/docs/errors', { headers: { 'Accept-Language': language } });
  expect([headers.get('content-type'), headers.get('vary')]).toEqual(['text/html; charset=utf-8', 'Accept-Language']);
  expect(text).toContain(`<html lang="${language}">`);
  const anchors = [...text.matchAll(/ id="(\w+)"/g)].map(([, code]) => code);
  const { problems, details, faults } = messagesIn(language);
  expect(anchors.sort()).toEqual([...Object.keys(problems), ...Object.keys(faults)].sort());
  const plain = (markdown: string) => markdown.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1').replaceAll('`', '');
  const shown = text
    .replace(/<\/?(code|b)>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
  for (const { when, action } of Object.values(errorGuideIn(language).problems)) {
    expect(shown).toContain(`<dd>${plain(when)}</dd>`);
    expect(shown).toContain(`<dd>${plain(action)}</dd>`);
  }
  for (const { title, detail } of Object.values(problems)) {
    expect(shown).toMatch(asPattern(`<p>${title}. ${detail}</p>`));
  }
  const precise = Object.values(details).flatMap((texts) => Object.values(texts));
  for (const text of precise) expect(shown).toMatch(asPattern(`<li>${text}</li>`));
  for (const when of Object.values(errorGuideIn(language).faults)) expect(shown).toContain(`<dd>${plain(when)}</dd>`);
});

test('a link on the page switches the language, whatever the browser prefers', async () => {
  const english = await server.client.get('/docs/errors', { headers: { 'Accept-Language': 'en' } });
  expect(english.text).toContain('<a href="/docs/errors?lang=es" lang="es" hreflang="es">En español</a>');
  const spanish = await server.client.get('/docs/errors?lang=es', { headers: { 'Accept-Language': 'en' } });
  expect(spanish.text).toContain('<html lang="es">');
  for (const other of ['?lang=fr', '?lang=es&lang=en', '?lang=']) {
    const answer = await server.client.get(`/docs/errors${other}`, { headers: { 'Accept-Language': 'es' } });
    expect(answer.text).toContain('<html lang="es">');
  }
});

/** Matches the text with any values for its placeholders. */
function asPattern(text: string): RegExp {
  const parts = text.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(parts.join('[^{}|]+'));
}
