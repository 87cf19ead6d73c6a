import type { EntityManager } from 'typeorm';

/** What a reset has removed. */
export interface RemovedFactors {
  totp: boolean;
  passkeys: number;
  /** Whether the user gets notices. */
  emailVerified: boolean;
}

/** What is of no use without a second factor, and the sign-ins that wait for one. */
const REST = ['recovery_codes', 'pending_sign_ins', 'trusted_devices'];

/**
 * Removes all second factors of a user, their recovery codes, the devices that need none, and sign-ins that wait for one. Call it
 * in a transaction that has locked the user.
 */
export async function resetSecondFactors(manager: EntityManager, userId: string): Promise<RemovedFactors> {
  const [secrets]: [{ confirmed: boolean }[]] = await manager.query(
    'DELETE FROM totp_secrets WHERE user_id = $1 RETURNING confirmed_at IS NOT NULL AS confirmed',
    [userId],
  );
  const [, passkeys]: [unknown, number] = await manager.query('DELETE FROM passkeys WHERE user_id = $1', [userId]);
  for (const table of REST) await manager.query(`DELETE FROM ${table} WHERE user_id = $1`, [userId]);
  const [[user]]: [{ email_verified: boolean }[]] = await manager.query(
    'UPDATE users SET has_second_factor = false WHERE id = $1 RETURNING email_verified',
    [userId],
  );
  return { totp: secrets.some(({ confirmed }) => confirmed), passkeys, emailVerified: user?.email_verified === true };
}
