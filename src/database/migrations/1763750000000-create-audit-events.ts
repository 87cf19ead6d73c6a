import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateAuditEvents1763750000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // No index by time: the ids are in the order of time. None by what operators filter by: each costs every refresh.
    await runner.query(`
      CREATE TABLE audit_events (
        id          uuid        PRIMARY KEY,
        occurred_at timestamptz NOT NULL,
        type        text        NOT NULL,
        result      text        NOT NULL CHECK (result IN ('ok', 'refused')),
        user_id     uuid,
        actor       text        NOT NULL CHECK (actor IN ('user', 'client', 'operator', 'system')),
        session_id  uuid,
        ip          text,
        user_agent  text,
        request_id  text,
        details     jsonb
      )`);
    await runner.query('CREATE INDEX audit_events_by_user ON audit_events (user_id, id) WHERE user_id IS NOT NULL');
    // By the clock of the database: one of a server that runs ahead must not empty the trail.
    await runner.query(`
      CREATE FUNCTION refuse_change_of_audit_events() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF TG_OP = 'DELETE' THEN
          IF OLD.occurred_at < now() - interval '720 hours' THEN RETURN OLD; END IF;
        END IF;
        RAISE EXCEPTION 'audit_events is append-only: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
      END $$`);
    await runner.query(`
      CREATE TRIGGER audit_events_keep_rows BEFORE DELETE ON audit_events
        FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit_events()`);
    await runner.query(`
      CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR TRUNCATE ON audit_events
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_events()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit_events');
    await runner.query('DROP FUNCTION refuse_change_of_audit_events()');
  }
}
