import Bowser from 'bowser';

// For unknown browsers, Bowser returns text that the client sent. Only known names are shown.
const BROWSERS = new Set<string | undefined>(Object.values(Bowser.BROWSER_MAP));
const SYSTEMS = new Set<string | undefined>(Object.values(Bowser.OS_MAP));

/** Describes a user agent, such as `Firefox on Windows`. Returns null if the browser is unknown. */
export function describeDevice(userAgent: string | null): string | null {
  if (!userAgent) return null;
  const { browser, os } = Bowser.parse(userAgent);
  if (!BROWSERS.has(browser.name)) return null;
  return SYSTEMS.has(os.name) ? `${browser.name} on ${os.name}` : (browser.name as string);
}
