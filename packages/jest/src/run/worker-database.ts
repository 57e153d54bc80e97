import { isMainThread } from 'node:worker_threads';
import {
  acquireDatabase,
  joinRun,
  planDatabase,
  type PlannedDatabase,
  releaseDatabase,
  resetDatabase,
  type ResetReport,
  type SocketWatch,
  type TestDatabase,
  type TestRun,
} from '@pg-evict/testing';
import { ownRuns } from './own-runs.js';
import { processState } from './process-state.js';
import type { JestRun } from './runs-variable.js';

/**
 * The database of this process, or thread, of Jest: made for its first test file, reset for each that follows. Its name
 * is known before it is made.
 */
export class WorkerDatabase {
  readonly invitation: JestRun;
  planned: PlannedDatabase;
  #run: Promise<TestRun> | undefined;
  #database: TestDatabase | undefined;
  #acquiring: Promise<TestDatabase> | undefined;
  #watch: SocketWatch | undefined;
  #used = false;

  private constructor(invitation: JestRun) {
    this.invitation = invitation;
    this.planned = planDatabase(invitation);
  }

  /** That of this process for a run. */
  static of(invitation: JestRun): WorkerDatabase {
    const workers = knownWorkers();
    const known = workers.get(invitation.id);
    if (known !== undefined) return known;
    const worker = new WorkerDatabase(invitation);
    workers.set(invitation.id, worker);
    // Where tests run in Jest's own process, whoever started that is no concern of ours.
    if (!ownRuns().has(invitation.id)) endWithParent(async () => WorkerDatabase.dropAll());
    return worker;
  }

  /** The test file of this process is over, if it was not said: nobody closes one whose setup files failed. */
  static endFile(): void {
    for (const worker of knownWorkers().values()) worker.#watch?.end();
  }

  /** Forgets those of this process: their runs have been ended. */
  static leaveAll(): void {
    WorkerDatabase.endFile();
    knownWorkers().clear();
  }

  /** Drops those of this process: whoever would end their runs is gone. */
  static async dropAll(): Promise<void> {
    const workers = [...knownWorkers().values()];
    await Promise.allSettled(workers.map(async (worker) => worker.#drop()));
  }

  /** The run, which is joined when it is first needed. */
  async run(): Promise<TestRun> {
    this.#run ??= Promise.resolve(ownRuns().get(this.invitation.id) ?? joinRun(this.invitation));
    this.#run.catch(() => (this.#run = undefined));
    return this.#run;
  }

  /** Has the sockets of the next test file tell whether the database may be another than the template. */
  follow(watch: SocketWatch): void {
    this.#used ||= this.#watch?.used === true;
    this.#watch = watch;
  }

  /** Sees to it that the database is there and holds what the template holds. */
  async prepare(): Promise<void> {
    const run = await this.run();
    if (this.invitation.isolation === 'run') return;
    try {
      await this.reset();
    } catch {
      // A new one under the same name, or an error that says what is wrong.
      await this.release(false);
    }
    if (this.#database !== undefined) return;
    this.#acquiring = acquireDatabase(run, { name: this.planned.name });
    this.#database = await this.#acquiring;
  }

  /**
   * Makes it what the template is, whatever is on it.
   * @returns `null` where nobody can have got to it, so that it is that already
   */
  async reset(): Promise<ResetReport | null> {
    if (this.#database === undefined || !(this.#used || this.#watch?.used === true)) return null;
    const report = await resetDatabase(this.#database, { graceMs: 0 });
    this.#used = false;
    this.#watch?.forgetUse();
    return report;
  }

  /** Drops it, or keeps it under a name of its own; the next test file gets a new one. */
  async release(keep: boolean): Promise<TestDatabase | null> {
    const database = this.#database;
    this.#database = undefined;
    this.#used = false;
    if (database === undefined) return null;
    const kept = await releaseDatabase(database, { keep });
    if (keep) this.planned = planDatabase(this.invitation);
    return kept;
  }

  async #drop(): Promise<void> {
    await this.#acquiring?.catch(() => undefined);
    await this.release(false);
  }
}

function knownWorkers(): Map<string, WorkerDatabase> {
  return processState('worker/1', () => new Map<string, WorkerDatabase>());
}

/** How often a process of Jest looks whether it is still one. */
const lookEveryMs = 500;

/** How long it clears up for, at most. */
const clearUpMs = 10_000;

/**
 * A process of Jest whose parent is gone would run its test file to the end, with nobody to tell, and leave its database
 * to be swept: Jest may have started it in place of one that Ctrl-C had just ended. Looked for by a timer: who listens
 * for the end of the channel keeps it open.
 *
 * @param clearUp called before it ends itself
 */
function endWithParent(clearUp: () => Promise<void>): void {
  if (process.send === undefined || process.env['JEST_WORKER_ID'] === undefined || !isMainThread) return;
  const end = (): void => void process.kill(process.pid, 'SIGTERM');
  const timer = setInterval(() => {
    if (process.connected) return;
    clearInterval(timer);
    setTimeout(end, clearUpMs).unref();
    void clearUp().finally(end);
  }, lookEveryMs);
  timer.unref();
}
