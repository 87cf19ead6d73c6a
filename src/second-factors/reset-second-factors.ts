import type { EntityManager } from 'typeorm';
import { setNewStamp } from '../users/proof-stamp.js';
import { UPDATE_USER } from './second-factors.js';

/** What a reset has removed. */
export interface RemovedFactors {
  totp: boolean;
  passkeys: number;
  /** Whether the user gets notices. */
  emailVerified: boolean;
}

/** Tables whose rows require a second factor. */
const REST = ['recovery_codes', 'pending_sign_ins', 'trusted_devices'];

/**
 * Removes all second factors of a user, their recovery codes, the devices that need none, and sign-ins that wait for one. Sign-ins
 * in progress fail. Call it in a transaction that has locked the user.
 *
 * @param now the time of the server
 */
export async function resetSecondFactors(manager: EntityManager, userId: string, now: Date): Promise<RemovedFactors> {
  const [secrets]: [{ confirmed: boolean }[]] = await manager.query(
    'DELETE FROM totp_secrets WHERE user_id = $1 RETURNING confirmed_at IS NOT NULL AS confirmed',
    [userId],
  );
  const [, passkeys]: [unknown, number] = await manager.query('DELETE FROM passkeys WHERE user_id = $1', [userId]);
  for (const table of REST) await manager.query(`DELETE FROM ${table} WHERE user_id = $1`, [userId]);
  const [[user]]: [{ email_verified: boolean }[]] = await manager.query(
    `UPDATE users SET has_second_factor = false, ${setNewStamp('$2')} WHERE id = $1 RETURNING email_verified`,
    [userId, now],
  );
  return { totp: secrets.some(({ confirmed }) => confirmed), passkeys, emailVerified: user?.email_verified === true };
}

/**
 * Removes the factors that a user added at or after a time, and everything that may have been made with them: recovery codes, trusted
 * devices and waiting sign-ins. Earlier factors stay. Call it in a transaction that has locked the user.
 */
export async function removeFactorsSince(manager: EntityManager, userId: string, since: Date): Promise<void> {
  await manager.query('DELETE FROM totp_secrets WHERE user_id = $1 AND COALESCE(confirmed_at, created_at) >= $2', [
    userId,
    since,
  ]);
  await manager.query('DELETE FROM passkeys WHERE user_id = $1 AND created_at >= $2', [userId, since]);
  for (const table of REST) await manager.query(`DELETE FROM ${table} WHERE user_id = $1`, [userId]);
  await manager.query(UPDATE_USER, [userId]);
}

/**
 * Removes the passkeys of a user whose address was proved for the first time: whoever registered it may have added them, and a passkey
 * alone is a sign-in. Other second factors stay, so that nobody can get around them by mail. Call it in a transaction that has locked
 * the user.
 */
export async function removePasskeys(manager: EntityManager, userId: string): Promise<void> {
  await manager.query('DELETE FROM passkeys WHERE user_id = $1', [userId]);
  await manager.query(UPDATE_USER, [userId]);
}
