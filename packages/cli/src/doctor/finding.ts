/** One thing that doctor says. */
export interface Finding {
  readonly topic:
    | 'server'
    | 'role'
    | 'sessions'
    | 'pooler'
    | 'database'
    | 'protection'
    | 'in the way'
    | 'leftovers'
    | 'kept'
    | 'invalid';
  /** `note`: not ideal. `problem`: something does not work; the exit code says so. */
  readonly level: 'ok' | 'note' | 'problem';
  readonly text: string;
  /** The remedy. */
  readonly remedy?: string;
  /** The exit code of a problem. */
  readonly exitCode?: number;
}
