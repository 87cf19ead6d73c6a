import { type Client, PASSWORD } from './client.js';

/** Logs a user in by cookie. @returns the headers of requests in that session */
export async function cookieSession(
  client: Client,
  username: string,
  password = PASSWORD,
): Promise<{ headers: { Cookie: string; 'X-CSRF-Token': string } }> {
  const body = { username, password, transport: 'cookie' };
  const answer = await client.post<{ csrf_token: string }>('/auth/login', { body });
  if (answer.status !== 200) throw new Error(`login answered ${answer.status}: ${answer.text}`);
  const cookie = answer.headers.getSetCookie().find((line) => line.startsWith('portero=')) as string;
  return { headers: { Cookie: cookie.split(';')[0] as string, 'X-CSRF-Token': answer.body.csrf_token } };
}
