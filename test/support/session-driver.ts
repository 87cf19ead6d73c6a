import { decodeJwt } from 'jose';
import type { Answer, Tokens } from './client.js';
import type { TestServer } from './server.js';
import { type SessionModel, type Step, type Verdict } from './session-model.js';

interface DrivenSession {
  id: string;
  /** By generation, starting with 0. */
  refresh: string[];
  access: string[];
}

interface Seen {
  expected: unknown;
  actual: unknown;
}

/** Runs each step on the server and on the model, for one new user, and compares their results. */
export class SessionDriver {
  readonly #sessions: DrivenSession[] = [];
  #password = 'a long and uncommon passphrase';
  #passwords = 0;

  constructor(
    private readonly server: TestServer,
    private readonly model: SessionModel,
    private readonly username: string,
  ) {}

  async register(): Promise<void> {
    const body = { username: this.username, password: this.#password };
    const { status, text } = await this.server.client.post('/register', { body });
    if (status !== 201) throw new Error(`registration answered ${status}: ${text}`);
  }

  /** @returns undefined if the step has no session or token to act on */
  async step(step: Step): Promise<Seen | undefined> {
    if (step.do === 'login') return await this.#login();
    if (step.do === 'restart') return void (await this.server.restart());
    if (step.do === 'advance') return void this.server.clock.advance(step.ms);
    if (this.#sessions.length === 0) return undefined;
    const index = step.session % this.#sessions.length;
    const session = this.#sessions[index] as DrivenSession;
    if (step.do === 'refresh') return await this.#refresh(index, session, step.back);
    // 0 is the newest one.
    const at = session.access.length - 1 - (step.token % session.access.length);
    const token = session.access[at] as string;
    if (step.do === 'logout' && step.by === 'refresh') {
      const refresh_token = session.refresh[step.token % session.refresh.length] as string;
      return this.#compare(this.model.logout(index), await this.#post('/logout', { body: { refresh_token } }));
    }
    return await this.#byAccessToken(step, index, at, token);
  }

  async #login(): Promise<Seen> {
    const answer = await this.#post<Tokens>('/login', { body: { username: this.username, password: this.#password } });
    if (answer.status === 200) {
      const { access_token, refresh_token } = answer.body;
      const { sid } = decodeJwt(access_token) as { sid: string };
      this.#sessions.push({ id: sid, refresh: [refresh_token], access: [access_token] });
    }
    return this.#compare(this.model.login(), answer);
  }

  async #refresh(index: number, session: DrivenSession, back: number): Promise<Seen> {
    const generation = Math.max(1, session.refresh.length - back);
    const successor = session.refresh[generation];
    const answer = await this.server.client.refresh(session.refresh[generation - 1] as string);
    const seen = this.#compare(this.model.refresh(index, generation), answer);
    if (answer.status !== 200) return seen;
    session.access.push(answer.body.access_token);
    if (successor === undefined) session.refresh.push(answer.body.refresh_token);
    else if (answer.body.refresh_token !== successor) return { expected: 'the same successor', actual: 'another one' };
    return seen;
  }

  async #byAccessToken(step: Step, index: number, at: number, token: string): Promise<Seen> {
    const { client } = this.server;
    switch (step.do) {
      case 'protected':
        return this.#compare(this.model.access(index, at, '200'), await client.get('/protected', { token }));
      case 'logout':
        return this.#compare(this.model.logout(index), await client.post('/logout', { token }));
      case 'changePassword':
        return await this.#changePassword(index, at, token);
      case 'endAll': {
        const path = step.keep ? '/auth/sessions?keep=current' : '/auth/sessions';
        return this.#compare(this.model.endAll(index, at, step.keep), await client.call('DELETE', path, { token }));
      }
      case 'endOne': {
        const other = step.other % this.#sessions.length;
        const path = `/auth/sessions/${this.#sessions[other]?.id}`;
        return this.#compare(this.model.endOne(index, at, other), await client.call('DELETE', path, { token }));
      }
      default:
        return await this.#list(index, at, token);
    }
  }

  async #changePassword(index: number, at: number, token: string): Promise<Seen> {
    const next = `another uncommon passphrase ${++this.#passwords}`;
    const body = { current_password: this.#password, new_password: next };
    const answer = await this.#post('/users/me/password', { token, body });
    if (answer.status === 204) this.#password = next;
    return this.#compare(this.model.changePassword(index, at), answer);
  }

  async #list(index: number, at: number, token: string): Promise<Seen> {
    const answer = await this.server.client.get<{ sessions: { id: string }[] }>('/auth/sessions', { token });
    const expected = this.model.access(index, at, '200');
    if (answer.status !== 200 || expected !== '200') return this.#compare(expected, answer);
    const ids = answer.body.sessions.map(({ id }) => this.#sessions.findIndex((session) => session.id === id));
    return { expected: this.model.live(), actual: ids.sort((x, y) => x - y) };
  }

  #post<T>(path: string, options: object): Promise<Answer<T>> {
    return this.server.client.post<T>(path, options);
  }

  #compare(expected: Verdict, { status, body }: Answer<unknown>): Seen {
    const { code } = (body ?? {}) as { code?: string };
    return { expected, actual: code === undefined ? String(status) : `${status} ${code}` };
  }
}
