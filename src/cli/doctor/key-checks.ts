import type { QueryRunner } from 'typeorm';
import type { Config } from '../../config/config.js';
import { Sealing, UnsealFailed } from '../../crypto/sealing.js';
import { error, type Finding, ok, warning } from './finding.js';

const DAY_MS = 86_400_000;
/** A key is rotated a little later than `KEY_ROTATION` says. */
const OVERDUE_MS = DAY_MS;

interface KeyRow {
  kid: string;
  sealed_key: Buffer | null;
  activated_at: Date | null;
}

/** The key that signs, and whether the secret opens it. */
export async function checkKeys(session: QueryRunner, config: Config): Promise<Finding> {
  const check = 'signing key';
  const [{ exists }]: [{ exists: boolean }] = await session.query(
    `SELECT to_regclass('signing_keys') IS NOT NULL AS exists`,
  );
  const rows: KeyRow[] = exists
    ? await session.query(`SELECT kid, sealed_key, activated_at FROM signing_keys WHERE status = 'active'`)
    : [];
  const [key] = rows;
  if (key === undefined) return ok(check, 'there is none yet: the server creates it at its first start');
  if (!opens(key, config)) {
    return error(
      check,
      `PORTERO_SECRET does not open the key ${key.kid}`,
      'Use the secret that sealed it, or add that one to PORTERO_SECRET_PREVIOUS.',
    );
  }
  const ageMs = Date.now() - (key.activated_at?.getTime() ?? 0);
  const message = `${key.kid} has signed for ${Math.floor(ageMs / DAY_MS)} days`;
  return ageMs <= config.keyRotation + OVERDUE_MS
    ? ok(check, message)
    : warning(check, `${message}, which is longer than KEY_ROTATION`, 'Start the server, or run: portero keys rotate');
}

function opens({ kid, sealed_key: sealed }: KeyRow, config: Config): boolean {
  try {
    if (sealed !== null) new Sealing(config).unseal(sealed, kid);
    return true;
  } catch (failure) {
    if (failure instanceof UnsealFailed) return false;
    throw failure;
  }
}
