import { ConfigError, type Parser, type Read, text } from './setting.js';

/** How the pages and mails look. */
export interface BrandSettings {
  readonly name: string;
  /** As `#rrggbb`, in lower case. */
  readonly color: string;
  /** An SVG or PNG file. */
  readonly logoFile: string | undefined;
}

const MAX_NAME_LENGTH = 40;

/** Reads the settings of the brand. */
export function readBrand(read: Read): BrandSettings {
  return Object.freeze({
    name: read('BRAND_NAME', brandName, 'Portero'),
    color: read('BRAND_COLOR', color, '#2347a8'),
    logoFile: read<string | undefined>('BRAND_LOGO_FILE', text('./logo.svg'), undefined),
  });
}

/** The name appears in the subjects of mails, so it has no line breaks or invisible characters. */
const brandName: Parser<string> = (value, name) => {
  const trimmed = text('Example')(value, name).trim();
  if ([...trimmed].length > MAX_NAME_LENGTH || /[\p{C}\u2028\u2029]/u.test(trimmed)) {
    throw new ConfigError(name, `must have at most ${MAX_NAME_LENGTH} characters, all of them visible`, 'Example');
  }
  return trimmed;
};

const color: Parser<string> = (value, name) => {
  if (!/^#[0-9a-f]{6}$/i.test(value)) {
    throw new ConfigError(name, 'must be a # and six hexadecimal digits', '"#2347a8"');
  }
  return value.toLowerCase();
};
