import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ClientContext } from '../http/client-context.js';
import type { Principal } from '../http/principal.js';
import { DeviceCookie } from '../lockout/device-cookie.js';
import { CookieSessions } from '../sessions/cookie-sessions.js';
import { NewSessions } from '../sessions/new-sessions.js';
import { Revocations } from '../sessions/revocation/revocations.js';
import type { Transport } from '../sessions/session.entity.js';
import type { LiveSession } from '../sessions/session-statements.js';
import type { User } from '../users/user.entity.js';
import type { Proof } from './proof.js';

/** A new session. {@link SignInAnswer} turns it into an answer. */
export interface SignedIn {
  user: User;
  session: LiveSession;
  transport: Transport;
  /** The value of a new device cookie, if there is to be one. */
  deviceCookie: string | undefined;
}

/** How a sign-in can end. Whatever asks for more than one proof is another member; {@link SignInAnswer} answers each. */
export type SignInOutcome = SignedIn;

/** The only code that starts sessions, whichever credential proved who the user is. */
@Injectable()
export class SignIn {
  constructor(
    private readonly newSessions: NewSessions,
    private readonly cookieSessions: CookieSessions,
    private readonly revocations: Revocations,
    private readonly devices: DeviceCookie,
  ) {}

  /**
   * Signs in the user of a proof: always with a new session, whatever the request carries. With a cookie, the session of
   * the cookie that it replaces ends (ASVS 7.2.4).
   *
   * @throws SessionRevoked if the user was deleted or disabled, or a credential changed, since the proof
   */
  async complete(proof: Proof, client: ClientContext, transport: Transport): Promise<SignInOutcome> {
    const session = await this.newSessions.start(proof, client, transport);
    if (transport === 'cookie') await this.#endFormer(client);
    return { user: proof.user, session, transport, deviceCookie: this.devices.issue(proof.user.id, client) };
  }

  /**
   * Continues a cookie session as a new one, so that the former cookie is dead. What the user had proved to sign in, and
   * when, stays as it was. Runs in the transaction that ends the user's other sessions.
   *
   * @returns the session, and a function that writes the log line of its event: call it once the transaction has committed
   * @throws SessionRevoked as {@link complete}
   */
  async renew(
    manager: EntityManager,
    user: User,
    { amr, authTime }: Principal,
    client: ClientContext,
  ): Promise<{ session: LiveSession; log: () => void }> {
    return await this.newSessions.renew(manager, { user, amr, at: authTime }, client);
  }

  async #endFormer(client: ClientContext): Promise<void> {
    const former = client.sessionCookie && this.cookieSessions.codec.decode(client.sessionCookie);
    if (former) await this.revocations.revoke(former, 'logged_in_again', client);
  }
}
