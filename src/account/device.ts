import Bowser from 'bowser';

// Of what it does not know, Bowser repeats what the client sent: whatever text that is.
const BROWSERS = new Set<string | undefined>(Object.values(Bowser.BROWSER_MAP));
const SYSTEMS = new Set<string | undefined>(Object.values(Bowser.OS_MAP));

/** A user agent in words, such as `Firefox on Windows`; nothing where there are none for it. */
export function describeDevice(userAgent: string | null): string | null {
  if (!userAgent) return null;
  const { browser, os } = Bowser.parse(userAgent);
  if (!BROWSERS.has(browser.name)) return null;
  return SYSTEMS.has(os.name) ? `${browser.name} on ${os.name}` : (browser.name as string);
}
