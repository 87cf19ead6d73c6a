import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreatePasswordPeppers1763700100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE password_peppers (
        id            text        PRIMARY KEY COLLATE "C",
        sealed_pepper bytea       NOT NULL,
        created_at    timestamptz NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE password_peppers');
  }
}
