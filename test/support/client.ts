import { secrets } from './secrets.js';

/** The response of a call. `body` is parsed JSON, or the text if it is not JSON. */
export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
  text: string;
}

export interface CallOptions {
  body?: unknown;
  /** An access token. */
  token?: string;
  headers?: Record<string, string>;
}

export interface Tokens {
  access_token: string;
  token_type: string;
  expires_in: number;
  refresh_token: string;
  refresh_expires_in: number;
}

/** A REST client of one server, as an app developer would write it. */
export class Client {
  constructor(readonly url: string) {}

  get<T = Record<string, unknown>>(path: string, options?: CallOptions): Promise<Answer<T>> {
    return this.call('GET', path, options);
  }

  post<T = Record<string, unknown>>(path: string, options?: CallOptions): Promise<Answer<T>> {
    return this.call('POST', path, options);
  }

  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    { body, token, headers = {} }: CallOptions = {},
  ): Promise<Answer<T>> {
    secrets.addSent(typeof body === 'string' ? parse(body) : body);
    const response = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const answer = parse(text);
    secrets.addReceived(answer, response.headers);
    return { status: response.status, headers: response.headers, body: answer as T, text };
  }

  /** Registers a user and logs in. */
  async signUp(username: string, password = PASSWORD): Promise<Tokens> {
    await this.post('/auth/register', { body: { username, password } });
    return await this.logIn(username, password);
  }

  async logIn(username: string, password = PASSWORD): Promise<Tokens> {
    const { status, body, text } = await this.post<Tokens>('/auth/login', { body: { username, password } });
    if (status !== 200) throw new Error(`login answered ${status}: ${text}`);
    return body;
  }

  refresh(refreshToken: string): Promise<Answer<Tokens & { code?: string }>> {
    return this.post('/auth/refresh', { body: { refresh_token: refreshToken } });
  }
}

/** A password that the policy accepts. */
export const PASSWORD = 'a long and uncommon passphrase';

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
