import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Config } from '../config/config.js';
import type { ClientContext } from '../http/client-context.js';
import { describeDevice } from '../http/device.js';
import type { Principal } from '../http/principal.js';
import { DeviceCookie } from '../lockout/device-cookie.js';
import { UserNotices } from '../notices/user-notices.js';
import { SecondFactors } from '../second-factors/second-factors.js';
import { TrustedDevices } from '../second-factors/trusted-devices.js';
import { CookieSessions } from '../sessions/cookie-sessions.js';
import { NewSessions } from '../sessions/new-sessions.js';
import { Revocations } from '../sessions/revocation/revocations.js';
import type { Transport } from '../sessions/session.entity.js';
import type { LiveSession } from '../sessions/session-statements.js';
import type { User } from '../users/user.entity.js';
import { EmailNotVerified } from './auth.errors.js';
import { EmailVerification } from './email/email-verification.js';
import type { Proof } from './proof.js';
import { PendingSignIns, type PendingStep } from './second-factor/pending-sign-ins.js';

/** A new session. {@link SignInResponder} builds the response. */
export interface SignedIn {
  user: User;
  session: LiveSession;
  transport: Transport;
  /** The value of the device cookie; undefined if none is set. */
  deviceCookie: string | undefined;
}

/** A sign-in that needs another step. */
export interface SignInWaits {
  waitsFor: PendingStep;
  mfaToken: string;
  methods: readonly string[];
  expiresInSeconds: number;
}

/** The possible results of a sign-in. {@link SignInResponder} handles each of them. */
export type SignInOutcome = SignedIn | SignInWaits;

export interface CompleteOptions {
  /** After a second factor: the device is not asked for it again during `TRUSTED_DEVICE_TTL`, if that is on. */
  trustDevice?: boolean;
}

/** The factors that can be set up during a sign-in. */
const ENROLMENT_METHODS = ['totp', 'passkey'];

/** Starts sessions, for all credentials. No other code does. */
@Injectable()
export class SignIn {
  constructor(
    private readonly newSessions: NewSessions,
    private readonly cookieSessions: CookieSessions,
    private readonly revocations: Revocations,
    private readonly devices: DeviceCookie,
    private readonly verification: EmailVerification,
    private readonly notices: UserNotices,
    private readonly pending: PendingSignIns,
    private readonly factors: SecondFactors,
    private readonly trustedDevices: TrustedDevices,
    private readonly config: Config,
  ) {}

  /**
   * Signs in the user of a proof. If the user has a second factor, the proof lacks it and the device is not trusted, no session
   * starts, and the outcome names the next step. Otherwise always starts a new session. With a cookie, ends the session of the
   * cookie that is replaced (ASVS 7.2.4).
   *
   * @throws SessionRevoked if the user was deleted or disabled, or a credential changed, since the proof; EmailNotVerified
   */
  async complete(
    proof: Proof,
    client: ClientContext,
    transport: Transport,
    { trustDevice = false }: CompleteOptions = {},
  ): Promise<SignInOutcome> {
    await this.#requireVerified(proof.user);
    const isComplete = this.#hasAllFactors(proof);
    const trusted = isComplete ? undefined : await this.#trustedDevice(proof.user, client);
    const isSufficient = isComplete || trusted !== undefined;
    const waits = isSufficient ? undefined : await this.#waitFor(proof, client, transport);
    if (waits !== undefined) return waits;
    const session = await this.newSessions.start(proof, client, transport, {
      requireNoSecondFactor: !isSufficient,
      requireTrustedDevice: trusted,
      newDevice: this.#noticeOf(proof.user, client),
    });
    if (transport === 'cookie') await this.#endPrevious(client);
    const deviceCookie = trustDevice
      ? await this.#trust(proof.user, session, client)
      : this.devices.issue(proof.user.id, client);
    return { user: proof.user, session, transport, deviceCookie };
  }

  /**
   * Replaces a cookie session by a new one, so the previous cookie becomes invalid. `amr` and `auth_time` do not change. Runs
   * in the transaction that ends the user's other sessions.
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

  #hasAllFactors({ amr }: Proof): boolean {
    return this.config.mfa === 'off' || amr.includes('mfa');
  }

  /** The device ID, if the device of the client is trusted by the user. `amr` stays without `mfa`, so a step-up still asks. */
  async #trustedDevice(user: User, client: ClientContext): Promise<string | undefined> {
    const device = user.hasSecondFactor ? this.devices.recognise(client, user) : undefined;
    return device !== undefined && (await this.trustedDevices.has(user.id, device)) ? device : undefined;
  }

  /** @returns the device cookie, with a new ID: somebody may have copied the previous one before the second factor */
  async #trust({ id: userId }: User, { id: sessionId }: LiveSession, client: ClientContext) {
    if (!this.trustedDevices.enabled) return this.devices.issue(userId, client);
    const { value, deviceId } = this.devices.issueNew(userId);
    const replaces = this.devices.idOf(userId, client);
    await this.trustedDevices.add({ userId, sessionId, deviceId, replaces }, client);
    return value;
  }

  /** Undefined if the first factor is sufficient. */
  async #waitFor(proof: Proof, client: ClientContext, transport: Transport): Promise<SignInWaits | undefined> {
    const { user } = proof;
    if (!user.hasSecondFactor && this.config.mfa !== 'required') return undefined;
    const waitsFor = user.hasSecondFactor ? 'second_factor' : 'enrolment';
    return {
      waitsFor,
      mfaToken: await this.pending.begin(waitsFor, proof, client, transport),
      methods: user.hasSecondFactor ? await this.factors.methodsOf(user.id) : ENROLMENT_METHODS,
      expiresInSeconds: this.pending.expiresInSeconds,
    };
  }

  /** Undefined if the device is known, or the user gets no notices. */
  #noticeOf(user: User, client: ClientContext): string | undefined {
    if (!user.emailVerified || this.devices.recognise(client, user) !== undefined) return undefined;
    const device = describeDevice(client.userAgent ?? null);
    const facts = { ...(device === null ? {} : { device }), ip: client.ip };
    return this.notices.parameter({ userId: user.id, name: 'new_device', facts });
  }

  async #requireVerified(user: User): Promise<void> {
    if (!this.config.requireVerifiedEmail || user.emailVerified) return;
    await this.verification.remind(user);
    throw new EmailNotVerified();
  }

  async #endPrevious(client: ClientContext): Promise<void> {
    const previous = client.sessionCookie && this.cookieSessions.codec.decode(client.sessionCookie);
    if (previous) await this.revocations.revoke(previous, 'logged_in_again', client);
  }
}
