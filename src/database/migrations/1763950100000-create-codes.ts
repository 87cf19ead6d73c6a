import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One-time codes that are sent by mail, and the language of the mails. */
export class CreateCodes1763950100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE users ADD COLUMN language text NOT NULL DEFAULT 'en'`);
    await runner.query(`
      CREATE TABLE codes (
        id         uuid        PRIMARY KEY,
        purpose    text        NOT NULL,
        -- The user, or for a registration the folded address.
        subject    text        NOT NULL COLLATE "C",
        user_id    uuid        REFERENCES users ON DELETE CASCADE,
        email      text        NOT NULL,
        email_key  text        NOT NULL COLLATE "C",
        token_hash bytea       NOT NULL,
        code_hash  bytea,
        tries      smallint    NOT NULL DEFAULT 0,
        data       bytea,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT codes_token UNIQUE (token_hash)
      )`);
    await runner.query(
      `CREATE UNIQUE INDEX codes_latest ON codes (subject, purpose) WHERE purpose NOT IN ('undo_email_change', 'register')`,
    );
    await runner.query('CREATE INDEX codes_by_user ON codes (user_id)');
    await runner.query('CREATE INDEX codes_by_address ON codes (email_key, purpose)');
    await runner.query('CREATE INDEX codes_by_expiry ON codes (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE codes');
    await runner.query('ALTER TABLE users DROP COLUMN language');
  }
}
