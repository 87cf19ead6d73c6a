import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/config.js';
import type { Mail } from '../../src/mail/mail.js';
import { EXAMPLE_MAILS } from '../../src/mail/mail-examples.js';
import { MailTemplates } from '../../src/mail/mail-templates.js';

/** The mails as they are sent, in both languages. UPDATE_GOLDEN=1 writes the files. */
const GOLDEN = 'test/golden/mails';
const PORTERO_SECRET = Buffer.alloc(32).toString('base64url');

function templatesWith(env: Record<string, string> = {}): MailTemplates {
  const { config } = loadConfig({ PORTERO_SECRET, ...env });
  return MailTemplates.of(config);
}

const templates = templatesWith();
const render = (mail: Mail) => templates.render(mail);
const title = ({ name, language }: Mail) => `${name}.${language}`;
const cases = EXAMPLE_MAILS.map((mail) => [title(mail), mail] as const);

/** What a person reads of HTML. */
function readable(html: string): string {
  return html
    .replace(/<(style|title)>[\s\S]*?<\/\1>|<!--[\s\S]*?-->/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(
      /&(lt|gt|quot|amp|#39);/g,
      (_, name) => ({ lt: '<', gt: '>', quot: '"', amp: '&', '#39': "'" })[name as 'lt'],
    )
    .replace(/\s+/g, ' ');
}

test.each(cases)('%s is the mail in test/golden', (name, mail) => {
  const { subject, text, html } = render(mail);
  const files = { txt: `Subject: ${subject}\n\n${text}`, html };
  for (const [extension, actual] of Object.entries(files)) {
    const file = join(GOLDEN, `${name}.${extension}`);
    if (process.env.UPDATE_GOLDEN) {
      mkdirSync(GOLDEN, { recursive: true });
      writeFileSync(file, actual);
    }
    expect([file, existsSync(file) && readFileSync(file, 'utf8')]).toEqual([file, actual]);
  }
});

test.each(cases)('the text of %s has one link, and the code alone on a line', (_, mail) => {
  const { text } = render(mail);
  expect(text.match(/\w+:\/\/\S+/g)).toEqual([mail.contents.link]);
  expect(text.split('\n')).toContain(mail.contents.link);
  expect(text.match(/^[A-Z2-9]{4}-[A-Z2-9]{4}$/gm)).toEqual('code' in mail.contents ? [mail.contents.code] : null);
});

test.each(cases)('the HTML of %s says what the text says', (_, mail) => {
  const { text, html } = render(mail);
  const shown = readable(html);
  for (const line of text.split('\n').filter((one) => one !== '')) {
    expect(shown).toContain(line.endsWith(':') ? line.slice(0, -1) : line);
  }
});

test.each(cases)('the HTML of %s has one link, no script and nothing remote', (_, mail) => {
  const { html } = render(mail);
  expect([...html.matchAll(/<a\b[^>]* href="([^"]*)"/g)].map(([, link]) => link)).toEqual([mail.contents.link]);
  expect(html).not.toMatch(/<(script|img|link|iframe|form|object)|\son\w+=|url\(|@import|src=/i);
  expect(html).toContain('<meta name="color-scheme" content="light dark">');
  expect(html).toContain('@media (prefers-color-scheme: dark)');
});

describe('a value that a user has chosen', () => {
  const hostile = (name: string, language: Mail['language'] = 'en'): Mail => ({
    name: 'new_device',
    to: 'ana@example.com',
    language,
    contents: {
      name,
      link: 'https://auth.example.com/account/forgot-password?a=1&b="',
      at: '2026-03-05T14:30:00.000Z',
      device: name,
      ip: '203.0.113.7',
    },
  });

  test('is escaped in HTML, the link included', () => {
    const { html } = render(hostile('<img src=x onerror=alert(1)>"\'&'));
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
    expect(html).toContain('href="https://auth.example.com/account/forgot-password?a=1&amp;b=&quot;"');
  });

  test('adds no lines to the text and no header to the subject', () => {
    const { text, subject } = render(hostile('ana\r\nBcc: x@example.com\r\n\r\nBCDF-2345\u2028\u0085x'));
    expect(text.split('\n')).toHaveLength(render(hostile('ana')).text.split('\n').length);
    expect(subject).toBe(render(hostile('ana')).subject);
    expect(text).not.toMatch(/^(Bcc|BCDF)/m);
  });

  test('can neither reverse the text around it nor hide characters', () => {
    const { text, html } = render(hostile('ana\u202Egnp\u2066\u200Bx\0\u001b[31m'));
    for (const part of [text, html]) expect(part).not.toMatch(/[\u200B\u202A-\u202E\u2066]|(?!\n)\p{Cc}/u);
    expect(text).toContain('Device: anagnpx[31m');
    expect(render(hostile('דוד')).text).toContain('Device: \u2068דוד\u2069');
  });

  test.each(['https://evil.example/x', 'evil.example', 'www.evil.example', 'x@evil.example', 'Win at evil.com now'])(
    'is left out of the greeting if it looks like a link: %s',
    (name) => {
      const { text } = render(hostile(name));
      expect(text.split('\n')[0]).toBe('Hello,');
      expect(render(hostile(name, 'es')).text.split('\n')[0]).toBe('Hola:');
    },
  );

  test('is in the greeting otherwise, and so is the address of the recipient', () => {
    expect(render(hostile('Ana María')).text).toMatch(/^Hello Ana María,\n/);
    expect(render(hostile('ana@example.com')).text).toMatch(/^Hello ana@example.com,\n/);
  });

  test('is not searched for placeholders', () => {
    expect(render(hostile('{brand}')).text).toMatch(/^Hello \{brand\},\n/);
  });
});

describe('the brand', () => {
  test('is in the subject, the text and the HTML, escaped', () => {
    const [mail] = EXAMPLE_MAILS as [Mail];
    const { subject, text, html } = templatesWith({ BRAND_NAME: 'Fish & <Chips>', BRAND_COLOR: '#0a7d55' }).render(
      mail,
    );
    expect(subject).toBe('Confirm your email address for Fish & <Chips>');
    expect(text).toContain('an account at Fish & <Chips>.');
    expect(html).toContain('Fish &amp; &lt;Chips&gt;</p>');
    expect(html).toContain('bgcolor="#0a7d55"');
  });
});

describe('TEMPLATES_DIR', () => {
  function folder(files: Record<string, string>): string {
    const path = mkdtempSync(join(tmpdir(), 'portero-templates-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
    return path;
  }
  const [mail] = EXAMPLE_MAILS as [Mail];

  test('replaces the template with the same name only', () => {
    const { text, html } = templatesWith({
      TEMPLATES_DIR: folder({ 'mail.txt.eta': 'Our <%= it.mail %>: <%= it.link %>' }),
    }).render(mail);
    expect(text).toBe(`Our verify_email: ${mail.contents.link}\n`);
    expect(html).toBe(render(mail).html);
  });

  test.each([
    [
      'does not exist',
      '/nowhere',
      /^TEMPLATES_DIR can't be read: ENOENT.*\(for example TEMPLATES_DIR=\.\/templates\)$/,
    ],
    [
      'has an unknown file',
      { 'mial.txt.eta': '' },
      /^TEMPLATES_DIR has an unknown file mial.txt.eta; known: .*mail.txt.eta/,
    ],
    [
      'has a template that does not compile',
      { 'mail.txt.eta': '<% if ( { %>' },
      /mail\.txt\.eta is not a valid template: /,
    ],
    [
      'has a template with a tag that is not closed',
      { 'mail.txt.eta': '<%= it.link' },
      /mail\.txt\.eta is not a valid template: .*unclosed/,
    ],
    [
      'has a template that fails',
      { 'mail.txt.eta': '<%= it.nothing.there %>' },
      /can't be rendered: Cannot read properties of undefined/,
    ],
  ])('stops the start with one line if it %s', (_, files, message) => {
    let said = '';
    try {
      templatesWith({ TEMPLATES_DIR: typeof files === 'string' ? files : folder(files) });
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said).toMatch(message);
    expect(said).not.toContain('\n');
  });
});
