import type { MigrationInterface, QueryRunner } from 'typeorm';

export class SessionFeed1763710000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE sessions
        ADD COLUMN transport text NOT NULL DEFAULT 'bearer' CHECK (transport IN ('bearer', 'cookie')),
        ADD COLUMN last_seen_at timestamptz`);
    await runner.query('UPDATE sessions SET last_seen_at = COALESCE(rotated_at, auth_time)');
    await runner.query(`
      ALTER TABLE sessions ALTER COLUMN transport DROP DEFAULT, ALTER COLUMN last_seen_at SET NOT NULL`);
    // A refresh changes no column that is indexed, so with room in the page it leaves the indexes alone (HOT).
    await runner.query('ALTER TABLE sessions SET (fillfactor = 80)');
    await runner.query('CREATE INDEX sessions_by_expiry ON sessions (expires_at)');
    await runner.query('CREATE INDEX sessions_by_end ON sessions (ended_at) WHERE ended_at IS NOT NULL');
    // By the transaction that made it: a reader goes on from the oldest one that was under way when it last read.
    await runner.query('ALTER TABLE revocations ADD COLUMN txid xid8 NOT NULL DEFAULT pg_current_xact_id()');
    await runner.query('CREATE INDEX revocations_by_txid ON revocations (txid)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE revocations DROP COLUMN txid');
    await runner.query('DROP INDEX sessions_by_end');
    await runner.query('DROP INDEX sessions_by_expiry');
    await runner.query('ALTER TABLE sessions RESET (fillfactor)');
    // Whoever wrote this schema knows of no cookie: such a session could not end with its idle time.
    await runner.query(`DELETE FROM sessions WHERE transport = 'cookie'`);
    await runner.query('ALTER TABLE sessions DROP COLUMN last_seen_at, DROP COLUMN transport');
  }
}
