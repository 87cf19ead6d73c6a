import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a session's sign-in has proved (`amr`), apart from when the session started, and a stamp of the credentials apart
 * from `updated_at`. The former release keeps working on this schema: each new column has a default, and the trigger
 * writes the stamp that the former release does not know.
 */
export class Proofs1763900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Every session so far began with a password, at its auth_time.
    await runner.query(`
      ALTER TABLE sessions
        ADD COLUMN amr text[] NOT NULL DEFAULT '{pwd}',
        ADD COLUMN started_at timestamptz NOT NULL DEFAULT now()`);
    await runner.query('UPDATE sessions SET started_at = auth_time');
    // Passwords have been optional in the schema from the beginning; this states it.
    await runner.query(`
      ALTER TABLE users
        ALTER COLUMN password_hash DROP NOT NULL,
        ADD COLUMN credentials_changed_at timestamptz NOT NULL DEFAULT now()`);
    await runner.query('UPDATE users SET credentials_changed_at = updated_at');
    // To be dropped by the next release, when no instance of the former one can be running.
    await runner.query(`
      CREATE FUNCTION stamp_changed_credentials() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        NEW.credentials_changed_at := GREATEST(
          NEW.updated_at, date_trunc('milliseconds', OLD.credentials_changed_at) + interval '1 millisecond');
        RETURN NEW;
      END $$`);
    // A rehash changes the hash and neither time.
    await runner.query(`
      CREATE TRIGGER users_stamp_changed_credentials BEFORE UPDATE OF updated_at ON users FOR EACH ROW
        WHEN (NEW.updated_at IS DISTINCT FROM OLD.updated_at
          AND NEW.credentials_changed_at = OLD.credentials_changed_at
          AND (NEW.password_hash, NEW.disabled_at) IS DISTINCT FROM (OLD.password_hash, OLD.disabled_at))
        EXECUTE FUNCTION stamp_changed_credentials()`);
  }

  /** Users without a password stay; the former release answers their logins as those of unknown users, too. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER users_stamp_changed_credentials ON users');
    await runner.query('DROP FUNCTION stamp_changed_credentials()');
    await runner.query('ALTER TABLE users DROP COLUMN credentials_changed_at');
    // The former release would state in their next access tokens that they had proved a password.
    await runner.query(`DELETE FROM sessions WHERE amr <> '{pwd}'`);
    await runner.query('ALTER TABLE sessions DROP COLUMN started_at, DROP COLUMN amr');
  }
}
