import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { parse } from 'uuid';
import { AuditLog } from '../audit/audit-log.js';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { uuidv7 } from '../crypto/uuidv7.js';
import { databaseTime } from '../database/database-time.js';
import type { ClientContext } from '../http/client-context.js';
import { displayName, type User } from '../users/user.entity.js';
import {
  CHALLENGE_TTL_MS,
  Challenges,
  type ChallengeUse,
  type PresentedChallenge,
  useChallenge,
} from './challenges.js';
import { type AssertionCredential, claimedUserId, type RegistrationCredential } from './credential.js';
import {
  PASSKEY_ALGORITHMS,
  type PasskeyCreationOptions,
  type PasskeyDescriptor,
  type PasskeyRequestOptions,
} from './passkey-options.js';
import { NewPasskeyInvalid, TooManyPasskeys } from './passkeys.errors.js';
import { challengeOf, Unverified, type VerifiedRegistration, verifyAssertion, verifyRegistration } from './webauthn.js';

/** A passkey as its user sees it. */
export interface Passkey {
  id: string;
  name: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  /** Whether it is in the cloud of its provider, so that it survives the loss of the device. */
  backedUp: boolean;
}

/** A new passkey that {@link Passkeys.add} may store. */
export interface NewPasskey extends VerifiedRegistration {
  challenge: PresentedChallenge;
}

/** Who asserts a passkey, and what for. */
interface Assertion {
  credential: AssertionCredential;
  use: ChallengeUse;
  /** The user whose passkey it must be. At a sign-in, the user handle names them. */
  userId: string;
  client: ClientContext;
  /** The session that asks, if there is one yet. */
  sessionId?: string | undefined;
}

interface Row {
  id: string;
  userId: string;
  publicKey: Buffer;
  backupEligible: boolean;
}

const MAX_PASSKEYS = 20;

const COLUMNS = `id, name, created_at AS "createdAt", last_used_at AS "lastUsedAt", backed_up AS "backedUp"`;
const LIST = `SELECT ${COLUMNS} FROM passkeys WHERE user_id = $1 ORDER BY created_at, id`;
const DESCRIPTORS = `SELECT credential_id AS id, transports FROM passkeys WHERE user_id = $1 ORDER BY created_at, id`;
const COUNT = 'SELECT count(*)::int AS count FROM passkeys WHERE user_id = $1';
const FIND = `
  SELECT id, user_id AS "userId", public_key AS "publicKey", backup_eligible AS "backupEligible"
    FROM passkeys WHERE credential_id = $1`;
const RENAME = `UPDATE passkeys SET name = $3 WHERE id = $2 AND user_id = $1 RETURNING ${COLUMNS}`;
const REMOVE = 'DELETE FROM passkeys WHERE id = $2 AND user_id = $1';

/** Adds nothing if the challenge was used before, or the authenticator is registered already, by whomever. */
const ADD = `
  WITH used AS (${useChallenge('$1', '$2')})
  INSERT INTO passkeys (id, user_id, credential_id, public_key, counter, transports, backup_eligible, backed_up, name, created_at)
  SELECT $3::uuid, $4::uuid, $5::bytea, $6::bytea, $7::bigint, $8::text[], $9::boolean, $10::boolean, $11::text,
         ${databaseTime('$12')} FROM used
  ON CONFLICT (credential_id) DO NOTHING RETURNING ${COLUMNS}`;

/** The counter must increase, unless the authenticator has none (WebAuthn §6.1.1). */
const USE = `
  WITH used AS (${useChallenge('$1', '$2')}), counted AS (
    UPDATE passkeys SET counter = $4::bigint, backed_up = $5, last_used_at = ${databaseTime('$6')} FROM used
     WHERE id = $3 AND (counter < $4::bigint OR (counter = 0 AND $4::bigint = 0)) RETURNING id
  ) SELECT EXISTS (SELECT FROM counted) AS counted,
           EXISTS (SELECT FROM used) AND EXISTS (SELECT FROM passkeys WHERE id = $3) AS "isFirst"`;

/** Passkeys of users (WebAuthn): creating, using and listing them. User verification is always required. */
@Injectable()
export class Passkeys {
  readonly #logger = new Logger(Passkeys.name);

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly challenges: Challenges,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly audit: AuditLog,
  ) {}

  async creationOptions(user: User, use: ChallengeUse): Promise<PasskeyCreationOptions> {
    const name = displayName(user);
    return {
      rp: { id: this.config.webauthn.rpId, name: this.config.brand.name },
      user: { id: Buffer.from(parse(user.id)).toString('base64url'), name, displayName: name },
      challenge: this.challenges.issue(use),
      pubKeyCredParams: PASSKEY_ALGORITHMS,
      timeout: CHALLENGE_TTL_MS,
      excludeCredentials: await this.#descriptorsOf(user.id),
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none',
    };
  }

  /** @param userId whose passkeys may be used; without it, the passkey says who signs in */
  async requestOptions(use: ChallengeUse, userId?: string): Promise<PasskeyRequestOptions> {
    return {
      challenge: this.challenges.issue(use),
      rpId: this.config.webauthn.rpId,
      timeout: CHALLENGE_TTL_MS,
      userVerification: 'required',
      ...(userId === undefined ? {} : { allowCredentials: await this.#descriptorsOf(userId) }),
    };
  }

  /** Verifies a new passkey, which {@link add} then stores. @throws NewPasskeyInvalid */
  async verifyNew(credential: RegistrationCredential, use: ChallengeUse): Promise<NewPasskey> {
    try {
      const challenge = this.#requireChallenge(credential, use);
      const registration = await verifyRegistration(credential, challengeOf(credential), this.config.webauthn);
      return { ...registration, challenge };
    } catch (cause) {
      if (cause instanceof Unverified) throw new NewPasskeyInvalid({ cause });
      throw cause;
    }
  }

  /**
   * Stores a new passkey in the transaction that changes the factors and holds the lock of the user.
   *
   * @throws TooManyPasskeys beyond 20; NewPasskeyInvalid if the challenge or the authenticator was used before
   */
  async add(manager: EntityManager, userId: string, passkey: NewPasskey, name: string): Promise<Passkey> {
    const [{ count }]: [{ count: number }] = await manager.query(COUNT, [userId]);
    if (count >= MAX_PASSKEYS) throw new TooManyPasskeys();
    const [added]: Passkey[] = await manager.query(ADD, [
      passkey.challenge.bytes,
      passkey.challenge.expiresAt,
      uuidv7(this.clock.now()),
      userId,
      passkey.credentialId,
      passkey.publicKey,
      passkey.counter,
      passkey.transports,
      passkey.backupEligible,
      passkey.backedUp,
      name,
      this.clock.databaseTime(),
    ]);
    if (added === undefined) throw new NewPasskeyInvalid();
    return added;
  }

  /**
   * Checks the use of a passkey, and uses its challenge up.
   *
   * @returns the methods, as {@link amrOf}. Undefined if it is not accepted
   */
  async assert(assertion: Assertion): Promise<readonly string[] | undefined> {
    try {
      return await this.#assert(assertion);
    } catch (error) {
      if (!(error instanceof Unverified)) throw error;
      this.#logger.debug({
        msg: 'a passkey was refused',
        reason: error.message,
        request_id: assertion.client.requestId,
      });
      return undefined;
    }
  }

  async list(userId: string): Promise<Passkey[]> {
    return await this.database.query(LIST, [userId]);
  }

  /** @returns undefined if the user has no passkey with this ID */
  async rename(userId: string, id: string, name: string): Promise<Passkey | undefined> {
    const [[renamed]]: [Passkey[]] = await this.database.query(RENAME, [userId, id, name]);
    return renamed;
  }

  /** @returns whether the user had a passkey with this ID */
  async remove(manager: EntityManager, userId: string, id: string): Promise<boolean> {
    const [, removed]: [unknown, number] = await manager.query(REMOVE, [userId, id]);
    return removed === 1;
  }

  async #assert({ credential, use, userId, client, sessionId }: Assertion): Promise<readonly string[]> {
    const challenge = this.#requireChallenge(credential, use);
    const [row]: Row[] = await this.database.query(FIND, [Buffer.from(credential.id, 'base64url')]);
    if (row === undefined) throw new Unverified('the passkey is unknown');
    requireOwner(row, credential, userId);
    const { webauthn } = this.config;
    const verified = await verifyAssertion(credential, challengeOf(credential), row.publicKey, webauthn);
    if (verified.backupEligible !== row.backupEligible) throw new Unverified('the backup eligibility has changed');
    const [{ counted, isFirst }]: [{ counted: boolean; isFirst: boolean }] = await this.database.query(USE, [
      challenge.bytes,
      challenge.expiresAt,
      row.id,
      verified.counter,
      verified.backedUp,
      this.clock.databaseTime(),
    ]);
    if (counted) return amrOf(row);
    if (!isFirst) throw new Unverified('the challenge was used before');
    await this.audit.record('passkey.cloned', { result: 'refused', userId: row.userId, sessionId, client });
    throw new Unverified('the counter did not increase');
  }

  #requireChallenge(credential: RegistrationCredential | AssertionCredential, use: ChallengeUse): PresentedChallenge {
    const challenge = this.challenges.check(challengeOf(credential), use);
    if (challenge === undefined)
      throw new Unverified('the challenge is not of this service and purpose, or has expired');
    return challenge;
  }

  async #descriptorsOf(userId: string): Promise<PasskeyDescriptor[]> {
    const rows: { id: Buffer; transports: string[] }[] = await this.database.query(DESCRIPTORS, [userId]);
    return rows.map(({ id, transports }) => ({ type: 'public-key', id: id.toString('base64url'), transports }));
  }
}

/** The methods of a passkey, as RFC 8176 values. With user verification, it is two factors at once. */
export function amrOf({ backupEligible }: Pick<VerifiedRegistration, 'backupEligible'>): readonly string[] {
  return [backupEligible ? 'swk' : 'hwk', 'user', 'mfa'];
}

/** The passkey must be of the user. The user handle may be absent, if it was not what named the user (WebAuthn §7.2, step 6). */
function requireOwner({ userId: owner }: Row, credential: AssertionCredential, userId: string): void {
  if (userId !== owner) throw new Unverified('the passkey belongs to another user');
  const { userHandle = null } = credential.response;
  if (userHandle !== null && claimedUserId(credential) !== owner) {
    throw new Unverified('the user handle is not that of the owner');
  }
}
