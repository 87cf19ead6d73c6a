import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The columns, their order and their types are those that rate-limiter-flexible writes. */
export class CreateRateLimits1763740000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Not logged: these counts live for minutes, and a crash of PostgreSQL may begin them anew.
    await runner.query(`
      CREATE UNLOGGED TABLE rate_limits (
        key    varchar(255) PRIMARY KEY COLLATE "C",
        points integer      NOT NULL DEFAULT 0,
        expire bigint
      )`);
    await runner.query('CREATE INDEX rate_limits_by_expiry ON rate_limits (expire)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE rate_limits');
  }
}
