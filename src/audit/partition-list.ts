import type { Query } from '../database/feed/feed-connection.js';

/** A partition of the events. Its bounds are IDs: `from` inclusive, `to` exclusive. */
export interface Partition {
  name: string;
  /** Null for the first partition, which has no lower bound, and for the default one. */
  from: string | null;
  /** Null for the default partition, which may contain any ID that no other partition covers. */
  to: string | null;
}

const PARTITIONS = `
  SELECT c.relname AS name, substring(bounds FROM $$FROM \\('([0-9a-f-]{36})'\\)$$) AS "from",
         substring(bounds FROM $$TO \\('([0-9a-f-]{36})'\\)$$) AS "to"
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid CROSS JOIN LATERAL pg_get_expr(c.relpartbound, c.oid) AS bounds
   WHERE i.inhparent = 'audit_events'::regclass`;

/** Lists the current partitions. */
export async function listPartitions(query: Query): Promise<Partition[]> {
  return await query<Partition>(PARTITIONS);
}

/** Whether a partition may contain IDs from `from` (inclusive) to `to` (exclusive). */
export function overlaps(partition: Partition, from: string, to: string): boolean {
  return (partition.from === null || partition.from < to) && (partition.to === null || from < partition.to);
}
