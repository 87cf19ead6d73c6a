export type Level = 'ok' | 'warning' | 'error';

/** The result of one check. */
export interface Finding {
  /** Such as `database version`. */
  check: string;
  level: Level;
  /** What is the case. */
  message: string;
  /** What to do; only for warnings and errors. */
  remedy?: string;
}

export function ok(check: string, message: string): Finding {
  return { check, level: 'ok', message };
}

export function warning(check: string, message: string, remedy: string): Finding {
  return { check, level: 'warning', message, remedy };
}

export function error(check: string, message: string, remedy: string): Finding {
  return { check, level: 'error', message, remedy };
}
