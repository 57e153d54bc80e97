import { isMainThread } from 'node:worker_threads';
import {
  acquireDatabase,
  joinRun,
  planDatabase,
  releaseDatabase,
  resetDatabase,
  type PlannedDatabase,
  type RunInvitation,
  type SocketWatch,
  type TestDatabase,
  type TestRun,
} from '@pg-evict/testing';
import { ownRuns } from './own-runs.js';

const key = Symbol.for('pg-evict.jest.worker/1');

/**
 * The database of this process, or thread, of Jest: made for its first test file, reset for each that follows. Its name
 * is known before it is made.
 */
export class WorkerDatabase {
  readonly invitation: RunInvitation;
  /** Whether nobody will end the run, so that each test file has to clear up for itself. */
  readonly alone: boolean;
  planned: PlannedDatabase;
  #run: Promise<TestRun> | undefined;
  #database: TestDatabase | undefined;
  #watch: SocketWatch | undefined;
  #used = false;

  private constructor(invitation: RunInvitation, alone: boolean) {
    this.invitation = invitation;
    this.alone = alone;
    this.planned = planDatabase(invitation);
  }

  /** That of this process for a run. */
  static of(invitation: RunInvitation, alone: boolean): WorkerDatabase {
    const workers = knownWorkers();
    const known = workers.get(invitation.id);
    if (known !== undefined) return known;
    const worker = new WorkerDatabase(invitation, alone);
    endWithParent();
    workers.set(invitation.id, worker);
    return worker;
  }

  /** Forgets those of this process: their runs have been ended. */
  static leaveAll(): void {
    knownWorkers().clear();
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
    this.#database ??= await acquireDatabase(run, { name: this.planned.name });
  }

  /** Makes it what the template is, whatever is on it; it is that already where nobody can have got to it. */
  async reset(): Promise<void> {
    if (this.#database === undefined || !(this.#used || this.#watch?.used === true)) return;
    await resetDatabase(this.#database, { graceMs: 0 });
    this.#used = false;
    this.#watch?.forgetUse();
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
}

function knownWorkers(): Map<string, WorkerDatabase> {
  const holder = process as unknown as { [key]?: Map<string, WorkerDatabase> };
  return (holder[key] ??= new Map());
}

/** How often a process of Jest looks whether it is still one. */
const lookEveryMs = 500;

/**
 * A process of Jest whose parent is gone would run its test file to the end, with nobody to tell, and work with
 * databases that nobody will drop. Looked for by a timer: who listens for the end of the channel keeps it open.
 */
function endWithParent(): void {
  if (!process.connected || process.env['JEST_WORKER_ID'] === undefined || !isMainThread) return;
  const timer = setInterval(() => {
    if (process.connected) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, lookEveryMs);
  timer.unref();
}
