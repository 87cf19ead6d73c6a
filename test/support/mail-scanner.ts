/** The headers with which mail gateways and browsers open a link before a person does. */
const PROBES: [method: string, headers: Record<string, string>][] = [
  ['GET', {}],
  ['HEAD', {}],
  ['GET', { Purpose: 'prefetch' }],
  ['GET', { 'Sec-Purpose': 'prefetch' }],
  ['GET', { 'Sec-Purpose': 'prefetch;prerender' }],
];
const MOST_PAGES = 60;

/** A response that the scanner got. */
export interface Scanned {
  request: string;
  status: number;
  cookies: string[];
}

/**
 * Opens the link of a mail as scanners do: several times, with every method that is safe, and then every link, form and file of
 * each page behind it, without scripts.
 */
export async function scan(link: string): Promise<{ probes: Scanned[]; crawled: Scanned[] }> {
  const probes: Scanned[] = [];
  for (const [method, headers] of [...PROBES, ...PROBES]) probes.push((await open(link, method, headers)).scanned);
  const crawled: Scanned[] = [];
  const urls = new Set([link]);
  for (const url of urls) {
    if (crawled.length === MOST_PAGES) throw new Error(`more than ${MOST_PAGES} pages behind ${link}`);
    const { scanned, text } = await open(url);
    crawled.push(scanned);
    for (const [, target = ''] of text.matchAll(/\b(?:href|src|action)="([^"]*)"/g)) {
      const next = new URL(target.replaceAll('&amp;', '&'), url);
      if (next.origin === new URL(link).origin) urls.add(next.href);
    }
  }
  return { probes, crawled };
}

async function open(url: string, method = 'GET', headers = {}): Promise<{ scanned: Scanned; text: string }> {
  const response = await fetch(url, { method, headers });
  const { status } = response;
  const { pathname } = new URL(url);
  const scanned = { request: `${method} ${pathname}`, status, cookies: response.headers.getSetCookie() };
  return { scanned, text: await response.text() };
}
