import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The former release does not use the table. Its rows, mails that were not sent, are lost when this is reverted. */
export class CreateOutbox1763950000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // `payload` is sealed. `claimed_until` is the end of the lease of an attempt in progress, and `due_at` is then the same.
    await runner.query(`
      CREATE TABLE outbox (
        id            uuid        PRIMARY KEY,
        topic         text        NOT NULL,
        payload       bytea       NOT NULL,
        state         text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'held', 'sent', 'dead')),
        attempts      integer     NOT NULL DEFAULT 0,
        due_at        timestamptz NOT NULL,
        claimed_until timestamptz,
        deadline      timestamptz NOT NULL,
        last_error    text,
        created_at    timestamptz NOT NULL,
        settled_at    timestamptz,
        CHECK ((state = 'waiting') = (settled_at IS NULL))
      )`);
    await runner.query(`CREATE INDEX outbox_due ON outbox (topic, due_at) WHERE state = 'waiting'`);
    await runner.query(`CREATE INDEX outbox_settled ON outbox (settled_at) WHERE state <> 'waiting'`);
    await runner.query(`CREATE INDEX outbox_held ON outbox (topic) WHERE state = 'held'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE outbox');
  }
}
