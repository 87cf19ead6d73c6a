import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { ConfigError } from '../config/setting.js';
import { readableOn, textOn } from './contrast.js';

/** The brand color where it is used, in light and dark mode. All pairs meet WCAG AA. */
export interface BrandColors {
  /** The ground of a button, and the text on it. */
  button: string;
  onButton: string;
  /** Links and focus rings on the grounds of light mode. */
  accent: string;
  /** The same in dark mode. */
  accentDark: string;
}

/** The grounds of pages and mails. The stylesheet and the HTML of mails use the same ones. */
const LIGHT_GROUNDS = ['#ffffff', '#f4f6f9'];
const DARK_GROUNDS = ['#1a2029', '#11151c'];

const MAX_LOGO_BYTES = 32 * 1024;
const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** The name, colors and logo of pages and mails, from the settings. */
@Injectable()
export class Brand {
  readonly name: string;
  readonly colors: BrandColors;
  /** The logo as a `data:` URL. */
  readonly logo: string | undefined;

  /** @throws ConfigError if the logo can't be read, is too large, or is neither SVG nor PNG */
  constructor({ brand }: Config) {
    this.name = brand.name;
    this.colors = {
      button: brand.color,
      onButton: textOn(brand.color),
      accent: readableOn(LIGHT_GROUNDS, brand.color, '#000000'),
      accentDark: readableOn(DARK_GROUNDS, brand.color, '#ffffff'),
    };
    this.logo = brand.logoFile === undefined ? undefined : dataUrl(brand.logoFile);
  }
}

function dataUrl(file: string): string {
  const reject = (fault: string): never => {
    throw new ConfigError('BRAND_LOGO_FILE', fault, './logo.svg');
  };
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    return reject(`names a file that can't be read: ${(error as Error).message}`);
  }
  if (bytes.length > MAX_LOGO_BYTES) return reject(`must be a file of at most ${MAX_LOGO_BYTES / 1024} KiB`);
  const type = imageType(bytes) ?? reject('must be an SVG or PNG file');
  return `data:${type};base64,${bytes.toString('base64')}`;
}

/** By the contents: an image with the wrong type would not be displayed. */
function imageType(bytes: Buffer): string | undefined {
  if (bytes.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE)) return 'image/png';
  return /^\s*(?:<\?xml|<!--|<!DOCTYPE svg|<svg)/.test(bytes.toString('utf8')) && bytes.includes('<svg')
    ? 'image/svg+xml'
    : undefined;
}
