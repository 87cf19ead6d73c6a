import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A user's events of one type are read by this index alone, however many of other types there are. */
export class IndexEventsByType1763761000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE INDEX audit_events_by_type ON audit_events (user_id, type, id) WHERE user_id IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX audit_events_by_type');
  }
}
