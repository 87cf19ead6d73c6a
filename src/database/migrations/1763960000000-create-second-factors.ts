import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Second factors, passkeys, and the sign-ins that wait for a second factor. */
export class CreateSecondFactors1763960000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE users ADD COLUMN has_second_factor boolean NOT NULL DEFAULT false');
    await runner.query(`
      CREATE TABLE totp_secrets (
        user_id       uuid        PRIMARY KEY REFERENCES users ON DELETE CASCADE,
        sealed_secret bytea       NOT NULL,
        -- The last time step whose code was accepted (RFC 6238 section 5.2).
        last_step     bigint      NOT NULL DEFAULT 0,
        created_at    timestamptz NOT NULL,
        confirmed_at  timestamptz
      )`);
    await runner.query('CREATE INDEX totp_secrets_unconfirmed ON totp_secrets (created_at) WHERE confirmed_at IS NULL');
    await runner.query(`
      CREATE TABLE recovery_codes (
        user_id   uuid  NOT NULL REFERENCES users ON DELETE CASCADE,
        code_hash bytea NOT NULL,
        PRIMARY KEY (user_id, code_hash)
      )`);
    await runner.query(`
      CREATE TABLE passkeys (
        id              uuid        PRIMARY KEY,
        user_id         uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
        credential_id   bytea       NOT NULL,
        public_key      bytea       NOT NULL,
        counter         bigint      NOT NULL,
        transports      text[]      NOT NULL,
        backup_eligible boolean     NOT NULL,
        backed_up       boolean     NOT NULL,
        name            text        NOT NULL,
        created_at      timestamptz NOT NULL,
        last_used_at    timestamptz,
        CONSTRAINT passkeys_credential UNIQUE (credential_id)
      )`);
    await runner.query('CREATE INDEX passkeys_by_user ON passkeys (user_id)');
    await runner.query(`
      CREATE TABLE used_challenges (
        challenge  bytea       PRIMARY KEY,
        expires_at timestamptz NOT NULL
      )`);
    await runner.query('CREATE INDEX used_challenges_by_expiry ON used_challenges (expires_at)');
    await runner.query(`
      CREATE TABLE pending_sign_ins (
        id                     uuid        PRIMARY KEY,
        token_hash             bytea       NOT NULL,
        user_id                uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
        purpose                text        NOT NULL,
        amr                    text[]      NOT NULL,
        transport              text        NOT NULL,
        -- The stamp of the user's credentials at the first proof.
        credentials_changed_at timestamptz NOT NULL,
        tries                  smallint    NOT NULL DEFAULT 0,
        expires_at             timestamptz NOT NULL,
        CONSTRAINT pending_sign_ins_token UNIQUE (token_hash)
      )`);
    await runner.query('CREATE INDEX pending_sign_ins_by_user ON pending_sign_ins (user_id)');
    await runner.query('CREATE INDEX pending_sign_ins_by_expiry ON pending_sign_ins (expires_at)');
    await runner.query(`
      CREATE TABLE trusted_devices (
        id         uuid        PRIMARY KEY,
        user_id    uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
        device_id  bytea       NOT NULL,
        ip         text,
        user_agent text,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT trusted_devices_device UNIQUE (user_id, device_id)
      )`);
    await runner.query('CREATE INDEX trusted_devices_by_expiry ON trusted_devices (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [
      'trusted_devices',
      'pending_sign_ins',
      'used_challenges',
      'passkeys',
      'recovery_codes',
      'totp_secrets',
    ]) {
      await runner.query(`DROP TABLE ${table}`);
    }
    await runner.query('ALTER TABLE users DROP COLUMN has_second_factor');
  }
}
