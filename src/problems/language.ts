import { en, type Messages } from './messages.en.js';
import { es } from './messages.es.js';

const LANGUAGES = { en, es } satisfies Record<string, Messages>;
export type Language = keyof typeof LANGUAGES;

export function isLanguage(text: string): text is Language {
  return Object.hasOwn(LANGUAGES, text);
}

export function messagesIn(language: Language): Messages {
  return LANGUAGES[language];
}

/** The language of a response, by the primary subtags of `Accept-Language` (RFC 9110 §12.5.4). Default: English. */
export function negotiateLanguage(header: string | undefined): Language {
  let best: Language = 'en';
  let bestQuality = 0;
  for (const item of (header ?? '').split(',', 20)) {
    const [range = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    const subtag = range.split('-')[0];
    const language: Language | undefined =
      subtag === 'es' ? 'es' : subtag === 'en' || subtag === '*' ? 'en' : undefined;
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    const quality = weight === undefined ? 1 : Number(weight.slice(2));
    if (language !== undefined && quality > bestQuality) {
      best = language;
      bestQuality = quality;
    }
  }
  return best;
}
