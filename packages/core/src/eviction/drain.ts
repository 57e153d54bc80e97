import type { Connection } from '../connection/connect.js';
import { type Deadline, pause } from '../contract/deadline.js';
import type { Session } from '../contract/session.js';
import { refuseProtectedByNow } from '../guards/protection-label.js';
import { toSession } from '../sessions/row.js';
import { evictSessions, type EvictionRow } from './evict-sessions.js';

/**
 * How long sessions may go on under the lock at a time. The server gives up, and lets the queue in, after 50 naps of
 * 100 ms (`CountOtherDBBackends()`, src/backend/storage/ipc/procarray.c).
 */
const underLockMs = 4000;

/** A query that has run for this long may run on, so the lock is not taken yet. */
const longMs = 300;

/** The minimum of the deadline that is reserved for terminating the sessions and for the statement. */
const reserveMs = 2000;

/** How long to wait before sessions are looked at again. */
const lookMs = 50;

/** The connections and arguments of a drain's queries. */
interface Look {
  readonly control: Connection;
  readonly runner: Connection;
  readonly deadline: Deadline;
}

/** How long the sessions of an operation may finish their work, and which of them did. */
export class Drain {
  readonly #durationMs: number;
  #endsAt: number | undefined;
  #givesBack = false;
  /** Whether the lock was given back for a session that waited for it. */
  #gaveWay = false;
  readonly #busy = new Map<string, Session>();
  readonly #cut = new Map<string, Session>();

  constructor(durationMs: number) {
    this.#durationMs = durationMs;
  }

  /** Sessions that were busy, and were allowed to finish. */
  get drained(): Session[] {
    return [...this.#busy].filter(([key]) => !this.#cut.has(key)).map(([, session]) => session);
  }

  /** Sessions that were ended while they were busy. */
  get cut(): Session[] {
    return [...this.#cut.values()];
  }

  /** Whether busy sessions are still spared. */
  isOn(lockedSince: number): boolean {
    return this.#remainingMs() > 0 && performance.now() - lockedSince < underLockMs;
  }

  /** Remembers who was seen. */
  see(rows: readonly EvictionRow[]): void {
    for (const row of rows) {
      if (!row.busy) continue;
      const key = `${row.pid} ${row.started_at?.getTime() ?? ''}`;
      this.#busy.set(key, toSession(row));
      if (row.signalled) this.#cut.set(key, toSession(row));
    }
  }

  /**
   * Whether the lock has to be given back so that a session can finish: a busy session that itself waits for the lock
   * can never finish (this is done once), nor can sessions that take longer than the server is patient.
   */
  givesBack(rows: readonly EvictionRow[], lockedSince: number): boolean {
    if (this.#remainingMs() === 0 || !rows.some(({ busy }) => busy)) return false;
    const waits = !this.#gaveWay && rows.some((row) => row.busy && row.waits_for_runner);
    this.#gaveWay ||= waits;
    this.#givesBack = waits || !this.isOn(lockedSince);
    return this.#givesBack;
  }

  /** Whether the statement has failed because the lock was given back. */
  wasGivenBack(): boolean {
    const was = this.#givesBack;
    this.#givesBack = false;
    return was;
  }

  /**
   * Waits without the lock until no session has been busy for long, or until only the time is left that is spent under
   * the lock.
   *
   * @throws `PROTECTED` if one of the databases has been protected meanwhile
   */
  async wait({ control, runner, deadline }: Look, databases: readonly string[]): Promise<void> {
    this.#begin(deadline);
    let waited = false;
    while (!deadline.over && this.#remainingMs() > (this.#gaveWay ? 0 : underLockMs)) {
      const { rows } = await evictSessions(control.client, databases, runner.pid);
      this.see(rows);
      if (!rows.some(({ busy, busy_ms: ms }) => busy && (this.#gaveWay || ms > longMs))) break;
      waited = true;
      await pause(Math.min(lookMs, this.#remainingMs()));
    }
    if (waited) await refuseProtectedByNow(control.client, databases);
  }

  #begin({ remainingMs }: Deadline): void {
    const longest = Math.max(0, remainingMs - reserveMs);
    this.#endsAt ??= performance.now() + Math.min(this.#durationMs, longest);
  }

  #remainingMs(): number {
    return this.#endsAt === undefined ? 0 : Math.max(0, this.#endsAt - performance.now());
  }
}
