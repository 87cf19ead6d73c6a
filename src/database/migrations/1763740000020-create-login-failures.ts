import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateLoginFailures1763740000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // No foreign key: names that are nobody's are counted too, and a key is a keyed hash that names no one.
    await runner.query(`
      CREATE TABLE login_failures (
        key          bytea       PRIMARY KEY,
        failures     integer     NOT NULL,
        pending      integer     NOT NULL,
        reserved_at  timestamptz NOT NULL,
        locked_until timestamptz,
        expires_at   timestamptz NOT NULL
      )`);
    await runner.query('CREATE INDEX login_failures_by_expiry ON login_failures (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE login_failures');
  }
}
