import type { Query } from '../database/feed/feed-connection.js';

/** A partition of the events. Its bounds are ids: `from` inclusive, `to` exclusive. */
export interface Partition {
  name: string;
  /** Null for the first partition, which begins before every id, and for the default one. */
  from: string | null;
  /** Null for the default partition: it may hold any id that no other partition covers. */
  to: string | null;
}

const PARTITIONS = `
  SELECT c.relname AS name, substring(bounds FROM $$FROM \\('([0-9a-f-]{36})'\\)$$) AS "from",
         substring(bounds FROM $$TO \\('([0-9a-f-]{36})'\\)$$) AS "to"
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid CROSS JOIN LATERAL pg_get_expr(c.relpartbound, c.oid) AS bounds
   WHERE i.inhparent = 'audit_events'::regclass`;

/** The partitions that there are now. */
export async function listPartitions(query: Query): Promise<Partition[]> {
  return await query<Partition>(PARTITIONS);
}

/** Whether a partition may hold ids from `from` (inclusive) to `to` (exclusive). */
export function overlaps(partition: Partition, from: string, to: string): boolean {
  return (partition.from === null || partition.from < to) && (partition.to === null || from < partition.to);
}
