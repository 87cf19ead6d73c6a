import type { MigrationInterface, QueryRunner } from 'typeorm';

export class RotateSigningKeys1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // What was signed before was good for a day at the most, the longest ACCESS_TOKEN_TTL that there can be.
    await runner.query(`
      ALTER TABLE signing_keys
        DROP CONSTRAINT signing_keys_status_check,
        ADD CONSTRAINT signing_keys_status_check CHECK (status IN ('next', 'active', 'retiring', 'retired')),
        ALTER COLUMN sealed_key DROP NOT NULL,
        ADD COLUMN activated_at timestamptz,
        ADD COLUMN published_until timestamptz,
        ADD COLUMN revoked_at timestamptz,
        ADD COLUMN longest_ttl integer NOT NULL DEFAULT 86400`);
    await runner.query('ALTER TABLE signing_keys ALTER COLUMN longest_ttl DROP DEFAULT');
    await runner.query('UPDATE signing_keys SET activated_at = created_at');
    await runner.query(`CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys (status) WHERE status = 'next'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX signing_keys_one_next');
    await runner.query(`DELETE FROM signing_keys WHERE status <> 'active'`);
    await runner.query(`
      ALTER TABLE signing_keys
        DROP COLUMN longest_ttl,
        DROP COLUMN revoked_at,
        DROP COLUMN published_until,
        DROP COLUMN activated_at,
        ALTER COLUMN sealed_key SET NOT NULL,
        DROP CONSTRAINT signing_keys_status_check,
        ADD CONSTRAINT signing_keys_status_check CHECK (status IN ('active', 'retired'))`);
  }
}
