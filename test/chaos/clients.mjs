import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** A client stops waiting for a response after this time, and retries. */
const CLIENT_TIMEOUT_MS = 30_000;
const REFRESHES_PER_SESSION = 6;

/** A user that registers once and then logs in, refreshes, logs out and changes the password repeatedly. */
export class User {
  #name = `user-${randomBytes(8).toString('hex')}`;
  #password = randomBytes(12).toString('hex');
  #passwordBefore;

  constructor(instances, ledger) {
    this.instances = instances;
    this.ledger = ledger;
  }

  /** Runs until `stopping.aborted`, and stops only between requests. */
  async run(stopping) {
    await this.#register();
    while (!stopping.aborted) {
      const tokens = await this.#login();
      if (tokens === undefined) continue;
      const last = await this.#refreshOnAndOn(tokens, stopping);
      if (last === undefined) continue;
      if (Math.random() < 0.2) await this.#changePassword(last);
      await this.#logout(last);
    }
  }

  /** After all faults, checks that every acknowledged change is still in effect. */
  async checkAtTheEnd() {
    const { status } = await this.#until('/auth/login', { username: this.#name, password: this.#password });
    if (status !== 200) this.ledger.lost.push(`${this.#name}: its password is refused with ${status}`);
    if (this.#passwordBefore === undefined) return;
    const former = await this.#until('/auth/login', { username: this.#name, password: this.#passwordBefore });
    if (former.status !== 401) this.ledger.lost.push(`${this.#name}: its former password answers ${former.status}`);
  }

  async #register() {
    const { status } = await this.#until('/auth/register', { username: this.#name, password: this.#password });
    // 409: an attempt whose response was lost had been committed.
    if (status === 201 || status === 409) this.ledger.acknowledge('registration');
    else this.ledger.unexpected.push(`register: ${status}`);
  }

  async #login() {
    const { status, body } = await this.#until('/auth/login', { username: this.#name, password: this.#password });
    if (status !== 200) {
      this.ledger.lost.push(`login of ${this.#name}: ${status} ${body?.code}`);
      await sleep(1000);
      return undefined;
    }
    this.ledger.acknowledge('login');
    return body;
  }

  async #refreshOnAndOn(tokens, stopping) {
    let last = tokens;
    for (let n = 0; n < REFRESHES_PER_SESSION && !stopping.aborted; n++) {
      await sleep(Math.random() * 100);
      const { status, body } = await this.#until('/auth/refresh', { refresh_token: last.refresh_token });
      if (status !== 200) {
        const list = body?.code === 'refresh_token_reused' ? this.ledger.falseReuse : this.ledger.unexpected;
        list.push(`refresh: ${status} ${body?.code}`);
        return undefined;
      }
      this.ledger.acknowledge('refresh');
      last = body;
      const use = await this.#until('/protected', undefined, last.access_token);
      if (use.status !== 200) this.ledger.lost.push(`a new access token is refused: ${use.status} ${use.body?.code}`);
    }
    return last;
  }

  async #changePassword({ access_token: token }) {
    const next = randomBytes(12).toString('hex');
    const change = { current_password: this.#password, new_password: next };
    const { status, body, retried } = await this.#until('/users/me/password', change, token);
    // After a retry, `wrong_password` means that the previous attempt was committed.
    if (status !== 204 && !(retried && body?.code === 'wrong_password')) {
      this.ledger.unexpected.push(`password change: ${status} ${body?.code}`);
      return;
    }
    this.#passwordBefore = this.#password;
    this.#password = next;
    this.ledger.acknowledge('password change');
  }

  async #logout({ access_token: token, refresh_token }) {
    const { status } = await this.#until('/auth/logout', {}, token);
    const since = performance.now();
    if (status !== 204) {
      this.ledger.unexpected.push(`logout: ${status}`);
      return;
    }
    this.ledger.acknowledge('logout');
    await Promise.all(this.instances.map((instance) => this.#watchRefusal(instance, token, since)));
    const again = await this.#until('/auth/refresh', { refresh_token });
    if (again.status !== 401) this.ledger.lost.push(`a logged-out session was refreshed: ${again.status}`);
  }

  async #watchRefusal(instance, token, since) {
    for (;;) {
      const sent = performance.now();
      const { status } = await this.#send(instance, '/protected', undefined, token);
      if (status === 401) return;
      if (status === 200) this.ledger.tokenAccepted(instance.name, sent - since);
      if (sent - since > 60_000) return;
      await sleep(20);
    }
  }

  /** Sends to any instance, and repeats the same body while the response is lost, 503 or 500. */
  async #until(path, body, token) {
    for (let attempt = 0; ; attempt++) {
      const instance = this.instances[Math.floor(Math.random() * this.instances.length)];
      const answer = await this.#send(instance, path, body, token);
      if (answer.status !== 0 && answer.status < 500) return { ...answer, retried: attempt > 0 };
      await sleep(200 + Math.random() * 300);
    }
  }

  async #send(instance, path, body, token) {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    try {
      const response = await fetch(instance.url + path, {
        method: path === '/protected' ? 'GET' : 'POST',
        signal: AbortSignal.timeout(CLIENT_TIMEOUT_MS),
        ...(body === undefined
          ? { headers }
          : { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
      const text = await response.text();
      this.ledger.answered(response.status);
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
    } catch {
      this.ledger.answered(0);
      return { status: 0 };
    }
  }
}
