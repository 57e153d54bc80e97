import { sqlStateOf } from '@pg-evict/core/internal';
import { ServerSession } from '../session/server-session.js';
import { readSurroundings } from '../session/surroundings.js';
import { assertUnloggedIntact, type TemplateUser } from '../template/unlogged-relations.js';
import { readClasses } from './relations.js';
import { askProbes, type Differences, groups, prepareProbes, type ProbeGroup } from './probe-statements.js';
import { type Baseline, readBaseline } from './snapshot.js';

/** A run, as far as the state of its template is concerned. */
export interface SnapshotOwner extends TemplateUser {
  /** Read from the first copy. */
  baseline: Baseline | undefined;
}

/** What is remembered of a copy as it was made, with a session that stays on it to compare. */
export class CopyState {
  readonly session: ServerSession;
  readonly baseline: Baseline;
  /** What the shared catalogs said of the database. */
  readonly facts: string;
  /** Whether triggers and foreign keys keep quiet when changes are undone. */
  readonly asReplica: boolean;
  /** Rows written by this transaction, or a later one, are new. */
  newSince: string;

  private constructor(parts: Pick<CopyState, 'session' | 'baseline' | 'facts' | 'asReplica' | 'newSince'>) {
    this.session = parts.session;
    this.baseline = parts.baseline;
    this.facts = parts.facts;
    this.asReplica = parts.asReplica;
    this.newSince = parts.newSince;
  }

  /** Remembers a copy that nobody has touched yet. */
  static async of(run: SnapshotOwner, name: string): Promise<CopyState> {
    const session = await ServerSession.open(run.server.target.connection, name);
    try {
      await assertUnloggedIntact(run, session);
      const asReplica = await becomeReplica(session);
      const { facts, nextTransaction: newSince } = await readSurroundings(session);
      // Waited for: it locks all relations for a moment, and a test that locks some in another order would not get on.
      if (run.baseline !== undefined) {
        await prepareProbes(session, run.baseline.probes, run.baseline.statements);
      }
      const baseline = (run.baseline ??= await readBaseline(session, newSince));
      return new CopyState({ session, baseline, facts, asReplica, newSince });
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /**
   * Which probes say that something has changed since, by their index. Where it is more than rows, that is all that is
   * said.
   *
   * @param nextTransaction what it is while nobody else is on the database. Where no transaction of the whole server has
   * ended since, nothing but a sequence can be another: `nextval` takes no transaction id where it need not log.
   */
  async changes(nextTransaction: string): Promise<ReadonlySet<number>> {
    const changed = await (nextTransaction === this.newSince
      ? this.#ask('sequences').then(([sequences]) => indexesOf(sequences))
      : this.compare());
    if (changed.size === 0) this.newSince = nextTransaction;
    return changed;
  }

  /** The same, whatever was written meanwhile. */
  async compare(): Promise<ReadonlySet<number>> {
    const [catalogs = new Map(), ...others] = await this.#ask(...groups).catch(async (error: unknown) => {
      // Of a table that is gone nothing can be asked; the catalogs tell.
      const [changed] = await this.#ask('catalogs');
      if (changed === undefined || changed.size === 0) throw error;
      return [changed];
    });
    if (catalogs.size === 0 || (others.length > 0 && (await this.#isOnlyStorage(catalogs)))) {
      return indexesOf(...others);
    }
    return indexesOf(catalogs);
  }

  async #ask(...asked: readonly ProbeGroup[]): Promise<Differences[]> {
    return askProbes(this.session, this.baseline.statements, asked, this.newSince, this.baseline);
  }

  /** Whether relations are stored elsewhere, as after TRUNCATE, and nothing else has changed in the catalogs. */
  async #isOnlyStorage(changed: Differences): Promise<boolean> {
    const { classes, first, probes } = this.baseline;
    const [[index, [count]] = [-1, ['']]] = changed;
    if (changed.size > 1 || probes[index]?.name !== 'pg_catalog.pg_class' || count !== first[index])
      return false;
    const written = await readClasses(this.session, this.newSince);
    return [...written].every(([oid, hash]) => classes.get(oid) === hash);
  }
}

/**
 * Superusers may, and from 15 on whoever was granted it. Nobody is to be on the database when it is compared; who comes
 * nevertheless, and locks, is not waited for.
 */
async function becomeReplica(session: ServerSession): Promise<boolean> {
  const patience = `set_config('lock_timeout', '5s', false)`;
  try {
    await session.query(`SELECT ${patience}, set_config('session_replication_role', 'replica', false)`);
    return true;
  } catch (error) {
    if (sqlStateOf(error) !== '42501') throw error;
    await session.query(`SELECT ${patience}`);
    return false;
  }
}

function indexesOf(...differences: readonly (Differences | undefined)[]): Set<number> {
  return new Set(differences.flatMap((one) => [...(one?.keys() ?? [])]));
}
