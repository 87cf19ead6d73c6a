import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateUsers1763680000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE users (
        id             uuid        PRIMARY KEY,
        username       text,
        username_key   text        COLLATE "C",
        email          text,
        email_key      text        COLLATE "C",
        email_verified boolean     NOT NULL DEFAULT false,
        password_hash  text,
        disabled_at    timestamptz,
        created_at     timestamptz NOT NULL,
        updated_at     timestamptz NOT NULL,
        CONSTRAINT users_username_key UNIQUE (username_key),
        CONSTRAINT users_email_key    UNIQUE (email_key),
        CONSTRAINT users_have_a_name  CHECK (username IS NOT NULL OR email IS NOT NULL),
        CONSTRAINT users_username_has_its_key CHECK ((username IS NULL) = (username_key IS NULL)),
        CONSTRAINT users_email_has_its_key    CHECK ((email IS NULL) = (email_key IS NULL))
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE users');
  }
}
