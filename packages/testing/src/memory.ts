import { askProbes, nextTransactionId, prepareProbes, readBaseline, type Baseline } from './baseline.js';
import { sqlStateOf } from './failure.js';
import { lookAround } from './look-around.js';
import { readClasses } from './relation-classes.js';
import { ServerSession } from './server-session.js';
import type { TestRun } from './test-run.js';

/** What is remembered of a copy as it was made, with a session that stays on it to compare. */
export class Memory {
  readonly session: ServerSession;
  readonly baseline: Baseline;
  /** What the shared catalogs said of the database. */
  readonly facts: string;
  /** Whether triggers and foreign keys keep quiet when changes are undone. */
  readonly asReplica: boolean;
  /** Rows written by this transaction, or a later one, are new. */
  newSince: string;

  private constructor(parts: Pick<Memory, 'session' | 'baseline' | 'facts' | 'asReplica' | 'newSince'>) {
    this.session = parts.session;
    this.baseline = parts.baseline;
    this.facts = parts.facts;
    this.asReplica = parts.asReplica;
    this.newSince = parts.newSince;
  }

  /** Remembers a copy that nobody has touched yet. */
  static async of(run: TestRun, name: string): Promise<Memory> {
    const session = await ServerSession.open(run.server.target.connection, name);
    try {
      // Nobody is to be there; who comes nevertheless, and locks, is not waited for.
      await session.query(`SET lock_timeout = '5s'`);
      const { facts } = await lookAround(session);
      const newSince = await nextTransactionId(session);
      const asReplica = await becomeReplica(session);
      const known = run.baseline;
      if (known !== undefined) await prepareProbes(session, known.probes);
      const baseline = known ?? (run.baseline = await readBaseline(session));
      return new Memory({ session, baseline, facts, asReplica, newSince });
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Which probes say that something has changed since, by their index. */
  async changes(): Promise<Set<number>> {
    const { baseline, newSince, session } = this;
    const found = await askProbes(session, newSince, baseline.first, baseline.second);
    const ofClasses = baseline.probes.findIndex(({ name }) => name === 'pg_catalog.pg_class');
    const changed = new Set(found.keys());
    if (changed.has(ofClasses) && found.get(ofClasses)?.[0] === baseline.first[ofClasses]) {
      const written = await readClasses(session, newSince);
      if ([...written].every(([oid, hash]) => baseline.classes.get(oid) === hash)) changed.delete(ofClasses);
      // Else they would be compared again with every reset.
      if (changed.size === 0) this.newSince = await nextTransactionId(session);
    }
    return changed;
  }
}

/** Superusers may, and from 15 on whoever was granted it. */
async function becomeReplica(session: ServerSession): Promise<boolean> {
  try {
    await session.query(`SELECT set_config('session_replication_role', 'replica', false)`);
    return true;
  } catch (error) {
    if (sqlStateOf(error) !== '42501') throw error;
    return false;
  }
}
