import Bowser from 'bowser';

/** A user agent in words, such as `Firefox on Windows`; nothing where there are none for it. */
export function describeDevice(userAgent: string | null): string | null {
  if (!userAgent) return null;
  const { browser, os } = Bowser.parse(userAgent);
  if (browser.name === undefined || browser.name === '') return null;
  return os.name ? `${browser.name} on ${os.name}` : browser.name;
}
