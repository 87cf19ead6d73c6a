import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSigningKeys1763680100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE signing_keys (
        kid        text        PRIMARY KEY COLLATE "C",
        alg        text        NOT NULL,
        sealed_key bytea       NOT NULL,
        status     text        NOT NULL CHECK (status IN ('active', 'retired')),
        created_at timestamptz NOT NULL
      )`);
    // One key signs at a time: of instances that start together, one makes it.
    await runner.query(`CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (status) WHERE status = 'active'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE signing_keys');
  }
}
