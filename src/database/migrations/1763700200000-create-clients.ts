import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateClients1763700200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE clients (
        id          uuid        PRIMARY KEY,
        name        text        NOT NULL,
        secret_hash bytea       NOT NULL,
        created_at  timestamptz NOT NULL,
        revoked_at  timestamptz
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE clients');
  }
}
