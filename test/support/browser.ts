import { type Answer, type CallOptions, type Client, PASSWORD } from './client.js';

export interface CookieLogin {
  user: { id: string; username: string };
  csrf_token: string;
  expires_at: string;
}

/** A browser with a session cookie and a page of the service that knows its CSRF token. */
export class Browser {
  /** `name=value`, as sent. */
  cookie: string | undefined;
  csrf: string | undefined;
  /** The cookies that the last response set. */
  setCookies: string[] = [];

  constructor(private readonly server: { client: Client }) {}

  /** Registers the user unless it exists, and logs in. */
  static async signUp(server: { client: Client }, username: string): Promise<Browser> {
    await server.client.post('/auth/register', { body: { username, password: PASSWORD } });
    const browser = new Browser(server);
    await browser.logIn(username);
    return browser;
  }

  get value(): string {
    return (this.cookie as string).replace(/^[^=]*=/, '');
  }

  async logIn(username: string, password = PASSWORD, headers?: Record<string, string>): Promise<Answer<CookieLogin>> {
    const answer = await this.post<CookieLogin>('/auth/login', {
      body: { username, password, transport: 'cookie' },
      ...(headers ? { headers } : {}),
    });
    if (answer.status !== 200) throw new Error(`login answered ${answer.status}: ${answer.text}`);
    this.csrf = answer.body.csrf_token;
    return answer;
  }

  get<T = Record<string, unknown>>(path: string, options?: CallOptions): Promise<Answer<T>> {
    return this.call('GET', path, options);
  }

  post<T = Record<string, unknown>>(path: string, options?: CallOptions): Promise<Answer<T>> {
    return this.call('POST', path, options);
  }

  delete<T = Record<string, unknown>>(path: string, options?: CallOptions): Promise<Answer<T>> {
    return this.call('DELETE', path, options);
  }

  /** Sends the cookie, and the CSRF token with unsafe methods. `headers` take precedence. */
  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    { headers, ...options }: CallOptions = {},
  ): Promise<Answer<T>> {
    const answer = await this.server.client.call<T>(method, path, {
      ...options,
      headers: {
        ...(this.cookie === undefined ? {} : { Cookie: this.cookie }),
        ...(this.csrf === undefined || method === 'GET' ? {} : { 'X-CSRF-Token': this.csrf }),
        ...headers,
      },
    });
    this.#keep(answer.headers.getSetCookie());
    return answer;
  }

  /** The status of a request that needs a session. */
  async status(): Promise<number> {
    return (await this.get('/protected')).status;
  }

  #keep(setCookies: string[]): void {
    this.setCookies = setCookies;
    for (const line of setCookies) {
      const isCleared = /;\s*Max-Age=0/i.test(line);
      this.cookie = isCleared ? undefined : line.split(';', 1)[0];
    }
  }
}
