import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';

/** What a sign-in or a step-up accepts as a second factor. */
export type SecondFactorMethod = 'totp' | 'recovery_code' | 'passkey';

/** The second factors of a user. */
export interface SecondFactorsOfUser {
  /** Whether an authenticator app is set up. */
  totp: boolean;
  passkeys: number;
  recoveryCodesLeft: number;
}

const OF_USER = `
  SELECT EXISTS (SELECT FROM totp_secrets WHERE user_id = $1 AND confirmed_at IS NOT NULL) AS totp,
         (SELECT count(*)::int FROM passkeys WHERE user_id = $1) AS passkeys,
         (SELECT count(*)::int FROM recovery_codes WHERE user_id = $1) AS "recoveryCodesLeft"`;

/** The flag of the user, and the recovery codes: they have no use without a second factor. */
const UPDATE_USER = `
  WITH factors AS (
    SELECT EXISTS (SELECT FROM totp_secrets WHERE user_id = $1 AND confirmed_at IS NOT NULL)
        OR EXISTS (SELECT FROM passkeys WHERE user_id = $1) AS any
  ), useless AS (
    DELETE FROM recovery_codes WHERE user_id = $1 AND NOT (SELECT factors.any FROM factors)
  ) UPDATE users SET has_second_factor = factors.any FROM factors WHERE id = $1`;

/** For code without the module graph. */
export async function factorsOf(manager: EntityManager, userId: string): Promise<SecondFactorsOfUser> {
  const [factors]: [SecondFactorsOfUser] = await manager.query(OF_USER, [userId]);
  return factors;
}

/** Which second factors users have. Each kind has a class of its own. */
@Injectable()
export class SecondFactors {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  async of(userId: string, manager: EntityManager = this.database.manager): Promise<SecondFactorsOfUser> {
    return await factorsOf(manager, userId);
  }

  /** The methods that a sign-in of the user may use, the most convenient one first. Empty if there is no second factor. */
  async methodsOf(userId: string): Promise<SecondFactorMethod[]> {
    const { totp, passkeys, recoveryCodesLeft } = await this.of(userId);
    const methods: SecondFactorMethod[] = [];
    if (passkeys > 0) methods.push('passkey');
    if (totp) methods.push('totp');
    if (recoveryCodesLeft > 0 && methods.length > 0) methods.push('recovery_code');
    return methods;
  }

  /**
   * Adds or removes factors in a transaction, and keeps `users.has_second_factor` up to date. The lock of the user makes a
   * sign-in that is in progress wait, and then see the change.
   */
  async change<T>(userId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return await this.database.transaction(async (manager) => {
      await manager.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [userId]);
      const result = await work(manager);
      await manager.query(UPDATE_USER, [userId]);
      return result;
    });
  }
}
