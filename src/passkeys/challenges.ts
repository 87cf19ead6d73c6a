import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { Cleanup } from '../database/cleanup.js';
import { databaseTime } from '../database/database-time.js';

/** What a challenge may be used for, and by whom. */
export interface ChallengeUse {
  purpose: 'register' | 'sign_in' | 'second_factor' | 'step_up' | 'enrolment';
  /** The ID of the user, sign-in or session that asked for it. Empty where nobody is known yet. */
  subject: string;
}

/** A challenge of ours that has not expired. It may have been used: {@link useChallenge} decides that. */
export interface PresentedChallenge {
  bytes: Buffer;
  expiresAt: Date;
}

export const CHALLENGE_TTL_MS = 5 * 60_000;

const VERSION = 1;
const RANDOM_BYTES = 16;
/** The expiry, in milliseconds since the epoch. */
const EXPIRY_BYTES = 6;
const HEAD_BYTES = 1 + RANDOM_BYTES + EXPIRY_BYTES;
const MAC_BYTES = 32;
/** How much longer a used challenge is kept than it is valid, in minutes: the clocks of instances differ. */
const KEPT_MINUTES = 60;

/**
 * SQL that uses a challenge up, for a CTE of the statement that makes the change. It returns no row if the challenge was used
 * before: the primary key decides between concurrent requests.
 *
 * @param challenge the parameter with its bytes
 * @param expiresAt the parameter with its expiry
 */
export function useChallenge(challenge: string, expiresAt: string): string {
  return `INSERT INTO used_challenges (challenge, expires_at) VALUES (${challenge}, ${expiresAt})
          ON CONFLICT DO NOTHING RETURNING challenge`;
}

/**
 * Challenges of WebAuthn: `version ‖ random ‖ expiry ‖ HMAC-SHA-256`. A request for one stores nothing. The MAC also covers what the
 * challenge is for. Only a verified response uses it up, in the statement that makes the change.
 */
@Injectable()
export class Challenges implements OnModuleInit {
  /** The first key issues; those of previous secrets are still accepted. */
  readonly #keys: readonly Buffer[];

  constructor(
    private readonly clock: Clock,
    private readonly cleanup: Cleanup,
    { secret, secretPrevious }: Config,
  ) {
    this.#keys = [secret, ...secretPrevious].map((one) => one.derive('passkey-challenge'));
  }

  onModuleInit(): void {
    this.cleanup.of({
      table: 'used_challenges',
      key: 'challenge',
      which: `AND expires_at <= ${databaseTime('$1')} - interval '${KEPT_MINUTES} minutes'`,
      parameters: () => [this.clock.databaseTime()],
    });
  }

  /** @returns the challenge in base64url */
  issue(use: ChallengeUse): string {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt8(VERSION);
    randomBytes(RANDOM_BYTES).copy(head, 1);
    head.writeUIntBE(this.clock.now() + CHALLENGE_TTL_MS, 1 + RANDOM_BYTES, EXPIRY_BYTES);
    return Buffer.concat([head, macOf(this.#keys[0] as Buffer, head, use)]).toString('base64url');
  }

  /** @returns undefined if it is not a challenge of ours for this use, or has expired */
  check(challenge: string, use: ChallengeUse): PresentedChallenge | undefined {
    const bytes = Buffer.from(challenge, 'base64url');
    if (bytes.length !== HEAD_BYTES + MAC_BYTES || bytes.toString('base64url') !== challenge) return undefined;
    const head = bytes.subarray(0, HEAD_BYTES);
    const mac = bytes.subarray(HEAD_BYTES);
    if (head[0] !== VERSION || !this.#keys.some((key) => timingSafeEqual(mac, macOf(key, head, use)))) return undefined;
    const expiry = head.readUIntBE(1 + RANDOM_BYTES, EXPIRY_BYTES);
    return expiry > this.clock.now() ? { bytes, expiresAt: new Date(expiry) } : undefined;
  }
}

function macOf(key: Buffer, head: Buffer, { purpose, subject }: ChallengeUse): Buffer {
  const text = JSON.stringify([purpose, subject, head.toString('base64url')]);
  return createHmac('sha256', key).update(text).digest();
}
