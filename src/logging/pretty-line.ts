import type { PrettyOptions } from 'pino-pretty';
import { replaceInvisible } from './invisible.js';

/** Fields that are part of the message, or always the same. */
const HIDDEN = ['service', 'context', 'method', 'path', 'status', 'duration_ms', 'result'];

/**
 * Formats a log line for people. A request is shown as `POST /auth/login 200 274 ms`; other fields follow, dimmed on a terminal.
 *
 * @param options override the options of pino-pretty
 */
export async function prettyLines(options: PrettyOptions = {}): Promise<(line: string) => string> {
  // Loaded here, because servers log JSON.
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({
    ignore: HIDDEN.join(','),
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    messageFormat: (log, key) => replaceInvisible(textOf(log, String(log[key] ?? ''))),
    ...options,
  });
  // Replaced in the JSON for the fields, and again in the text, which is shown without the escapes of JSON.
  return (line) => pretty(replaceInvisible(line)) ?? '';
}

function textOf(log: Record<string, unknown>, message: string): string {
  if (log.context === 'http' && message === 'request') {
    return `${log.method} ${String(log.path).replace(/\s/g, '?')} ${log.status} ${Math.round(Number(log.duration_ms))} ms`;
  }
  return log.context === 'audit' ? `${message} ${log.result}` : message;
}
