import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSessions1763680200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE sessions (
        id                 uuid        PRIMARY KEY,
        user_id            uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        generation         integer     NOT NULL,
        auth_time          timestamptz NOT NULL,
        rotated_at         timestamptz,
        refresh_expires_at timestamptz NOT NULL,
        expires_at         timestamptz NOT NULL,
        access_expires_at  timestamptz NOT NULL,
        ended_at           timestamptz,
        end_reason         text,
        ip                 text,
        user_agent         text,
        CONSTRAINT sessions_end_has_a_reason CHECK ((ended_at IS NULL) = (end_reason IS NULL))
      )`);
    await runner.query('CREATE INDEX sessions_by_user ON sessions (user_id)');
    // No foreign key: an entry outlives its session, so that the tokens of a deleted user stay dead.
    await runner.query(`
      CREATE TABLE revocations (
        session_id uuid        PRIMARY KEY,
        expires_at timestamptz NOT NULL
      )`);
    await runner.query('CREATE INDEX revocations_by_expiry ON revocations (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE revocations');
    await runner.query('DROP TABLE sessions');
  }
}
