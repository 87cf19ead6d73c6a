import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Sends bytes unchanged over one connection and reads the response until it is closed. */
export async function sendRaw(url: string, bytes: string): Promise<RawAnswer> {
  return parse(await readAll(url, bytes));
}

/** The same, with the text of all responses. The parts in `later` are sent one by one. */
export function readAll(url: string, bytes: string, later: string[] = []): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (text ? undefined : reject(error)));
    const drip = setInterval(() => {
      const next = later.shift();
      if (next !== undefined) socket.write(next, 'latin1');
    }, 10);
    socket.on('close', () => {
      clearInterval(drip);
      resolve(text);
    });
    socket.setNoDelay(true);
    socket.write(bytes, 'latin1');
  });
}

function parse(text: string): RawAnswer {
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line) => [line.split(':', 1)[0]?.toLowerCase(), line.replace(/^[^:]*:\s*/, '')]);
  return { status: Number(statusLine.split(' ')[1]), headers: Object.fromEntries(headers), body };
}
