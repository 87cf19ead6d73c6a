import { Injectable } from '@nestjs/common';
import type { Config } from '../config/config.js';
import type { Language } from '../problems/language.js';
import { fill } from '../problems/problem.js';
import { Brand } from '../templates/brand.js';
import { shown } from '../templates/shown.js';
import { Templates } from '../templates/templates.js';
import type { FactorKind, Mail, RenderedMail } from './mail.js';
import { EXAMPLE_MAILS } from './mail-examples.js';
import { en, type MailTexts } from './mail-texts.en.js';
import { es } from './mail-texts.es.js';

const TEXTS: Record<Language, MailTexts> = { en, es };
const monthFormat = (language: Language) => new Intl.DateTimeFormat(language, { month: 'long', timeZone: 'UTC' });
/** Kept, because each of them takes native memory and more time than a mail. */
const MONTHS: Record<Language, Intl.DateTimeFormat> = { en: monthFormat('en'), es: monthFormat('es') };

/** Facts about an event, in this order. */
const FACTS = ['newEmail', 'method', 'codesLeft', 'at', 'device', 'ip', 'undoUntil'] as const;
const TIMES: ReadonlySet<string> = new Set(['at', 'undoUntil']);

/** Values of all kinds of mail. */
interface Values {
  name: string;
  link: string;
  code?: string;
  expiresAt?: string;
  newEmail?: string;
  method?: FactorKind;
  codesLeft?: number;
  at?: string;
  device?: string;
  ip?: string;
  undoUntil?: string;
}

/** Renders mails from the templates `mail.html` and `mail.txt`. */
@Injectable()
export class MailTemplates {
  constructor(
    private readonly templates: Templates,
    private readonly brand: Brand,
  ) {
    templates.try(() => {
      for (const mail of EXAMPLE_MAILS) this.render(mail);
    });
  }

  /** Without the module graph, for commands. @throws StartError */
  static of(config: Config): MailTemplates {
    return new MailTemplates(new Templates(config), new Brand(config));
  }

  /** Renders a mail in its language. */
  render(mail: Mail): RenderedMail {
    const view = this.#viewOf(mail);
    return {
      subject: view.subject,
      text: tidy(this.templates.render('mail.txt', view)),
      html: this.templates.render('mail.html', view),
    };
  }

  /** The values of the templates (docs/pages.md lists them). */
  #viewOf({ name, to, language, contents }: Mail) {
    const texts = TEXTS[language];
    const { subject, heading, intro, button, closing } = texts.mails[name];
    const values: Values = contents;
    const words = { brand: this.brand.name, newEmail: shown(values.newEmail ?? '') };
    const facts = FACTS.filter((fact) => values[fact] !== undefined && name !== 'confirm_email_change');
    return {
      mail: name,
      language,
      brand: this.brand.name,
      colors: this.brand.colors,
      subject: fill(subject, words),
      heading,
      greeting: greet(values.name, to, texts),
      intro: intro.map((paragraph) => fill(paragraph, words)),
      facts: facts.map((fact) => ({
        label: texts.facts[fact],
        value: this.#factIn(language, fact, values),
      })),
      button,
      link: values.link,
      linkAsText: texts.linkAsText,
      codeIntro: texts.code,
      code: values.code,
      validUntil: values.expiresAt && fill(texts.validUntil, { time: timeIn(language, values.expiresAt) }),
      closing: closing.map((paragraph) => fill(paragraph, words)),
      footer: fill(texts.footer, words),
    };
  }

  #factIn(language: Language, fact: (typeof FACTS)[number], values: Values): string {
    if (fact === 'method') return TEXTS[language].methods[values.method as FactorKind];
    const value = String(values[fact]);
    return TIMES.has(fact) ? timeIn(language, value) : shown(value);
  }
}

/**
 * The greeting has no name that mail programs could turn into a link: the mail may go to somebody who did not choose the name.
 */
function greet(name: string, to: string, texts: MailTexts): string {
  const visible = shown(name, 64);
  const isHarmless = visible !== '' && (name === to || !/[:/\\@]|[.。．｡][\p{L}\p{N}]/u.test(visible));
  return isHarmless ? fill(texts.greeting, { name: visible }) : texts.greetingWithoutName;
}

/** A time in UTC, such as "5 March 2026, 14:30 UTC". Written here, because the formats of `Intl` differ between its versions. */
function timeIn(language: Language, iso: string): string {
  const time = new Date(iso);
  return fill(TEXTS[language].date, {
    day: time.getUTCDate(),
    month: MONTHS[language].format(time),
    year: time.getUTCFullYear(),
    time: time.toISOString().slice(11, 16),
  });
}

/** The lines of a template that only contain code leave empty lines. */
function tidy(text: string): string {
  const lines = text.split('\n').map((line) => line.trimEnd());
  return `${lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()}\n`;
}
