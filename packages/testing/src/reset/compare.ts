import { answerTimeMs, ServerSession } from '../session/server-session.js';
import {
  readSurroundings,
  type Surroundings,
  surroundingsAgain,
  toSurroundings,
} from '../session/surroundings.js';
import { assertUnloggedIntact, type TemplateUser } from '../template/unlogged-relations.js';
import { becomeReplica, type Role } from './become-replica.js';
import { noTransaction, readClasses, type Since } from './relations.js';
import {
  askProbes,
  askWithProbes,
  type Differences,
  groups,
  prepareProbes,
  type ProbeGroup,
} from './probe-statements.js';
import { type Baseline, readBaseline, withNewRows } from './snapshot.js';

/** How long probes that are asked beforehand may wait for a lock, in milliseconds. */
const probablyFreeMs = 20;

/** A run, as far as the state of its template is concerned. */
export interface SnapshotOwner extends TemplateUser {
  /** Read from the first copy. */
  baseline: Baseline | undefined;
  /** `timeoutMs`: how long one wait for somebody else may last; `null` if nothing is configured. */
  readonly settings: { readonly timeoutMs: number | null };
}

/** The original state of a copy, with a session that stays on it to compare. */
export class CopyState {
  readonly session: ServerSession;
  readonly baseline: Baseline;
  /** The database's rows in the shared catalogs. */
  readonly facts: string;
  /** Whether triggers and foreign keys can be disabled while changes are undone. */
  readonly asReplica: boolean;
  readonly isSuperuser: boolean;
  /** `server_version_num` */
  readonly version: number;
  /** Rows written by this transaction, or a later one, are new. */
  newSince: string;
  /** Our own transaction since then, whose rows are the template's. */
  #own = noTransaction;
  readonly #prepared: Set<ProbeGroup>;
  /** The groups that the last reset needed: the next one probably does, too. */
  #expected: readonly ProbeGroup[] = ['untracked'];
  /** The answers that came with the surroundings. */
  #answered: { readonly asked: readonly ProbeGroup[]; readonly found: Differences[] } | undefined;

  private constructor(
    parts: Pick<CopyState, 'session' | 'baseline' | 'facts' | 'newSince'> & Role,
    prepared: readonly ProbeGroup[],
  ) {
    this.#prepared = new Set(prepared);
    this.session = parts.session;
    this.baseline = parts.baseline;
    this.facts = parts.facts;
    this.asReplica = parts.asReplica;
    this.isSuperuser = parts.isSuperuser;
    this.version = parts.version;
    this.newSince = parts.newSince;
  }

  /** Remembers a copy that has not been used yet. */
  static async of(run: SnapshotOwner, name: string): Promise<CopyState> {
    const session = await ServerSession.open(
      run.server.target.connection,
      name,
      answerTimeMs(run.settings.timeoutMs),
    );
    try {
      await assertUnloggedIntact(run, session);
      const role = await becomeReplica(session);
      const { facts, nextTransaction: newSince } = await readSurroundings(session);
      const known = run.baseline;
      const baseline = known ?? (run.baseline = await readBaseline(session, newSince));
      return new CopyState(
        { session, baseline, facts, newSince, ...role },
        known === undefined ? groups : [],
      );
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** The bounds of new changes. */
  get since(): Since {
    return { newSince: this.newSince, own: this.#own };
  }

  /**
   * Changes that count as new from now on: writes of this transaction or a later one, except one of our own that
   * restored rows of the template.
   */
  begin(newSince: string, own: string = noTransaction): void {
    this.newSince = newSince;
    this.#own = own;
  }

  /**
   * Reads the surroundings, and in the same go the probes that are probably needed next, which are of use if no other
   * session is there. They hardly wait for a lock: a session that is still there may hold one.
   *
   * @param keepIdle whether idle sessions may stay; then no probe is asked
   */
  async look(keepIdle: boolean): Promise<Surroundings> {
    this.#answered = undefined;
    if (keepIdle) return readSurroundings(this.session, true);
    const asked = this.#expected;
    if (!asked.every((group) => this.#prepared.has(group))) return readSurroundings(this.session);
    const others = [`SET LOCAL lock_timeout = ${probablyFreeMs}`, surroundingsAgain];
    const answer = await askWithProbes(this.session, others, this.baseline, asked, this.since).catch(
      (error: unknown) => {
        if (this.session.lost) throw error;
        return undefined;
      },
    );
    if (answer === undefined) return readSurroundings(this.session);
    this.#answered = { asked, found: answer.found };
    return toSurroundings(answer.rows[1] as Surroundings[]);
  }

  /**
   * The probes that show a change, by their index, with the change. If it is more than rows, only that is returned.
   *
   * @param nextTransaction the next transaction id while no other session is on the database. If no transaction of the
   * whole server has ended since, only changes without a transaction id are possible: `nextval` takes none where it
   * need not log.
   */
  async changes(nextTransaction: string): Promise<Differences> {
    const isSame = nextTransaction === this.newSince;
    const changed = await (isSame
      ? this.#ask('untracked').then(([untracked]) => untracked ?? new Map())
      : this.compare());
    this.#expected = isSame ? ['untracked'] : groups;
    if (changed.size === 0) this.begin(nextTransaction);
    return changed;
  }

  /** The same, regardless of other writes meanwhile. */
  async compare(): Promise<Differences> {
    const [catalogs = new Map(), ...others] = await this.#ask(...groups).catch(async (error: unknown) => {
      // A dropped table cannot be queried; the catalogs show the drop.
      const [changed] = await this.#ask('catalogs');
      if (changed === undefined || changed.size === 0) throw error;
      return [changed];
    });
    if (catalogs.size === 0) return joined(others);
    const storedAnew = others.length > 0 ? await this.#storedAnew(catalogs) : undefined;
    return storedAnew === undefined ? catalogs : joined([...others, storedAnew]);
  }

  async #ask(...asked: readonly ProbeGroup[]): Promise<Differences[]> {
    const known = this.#answered;
    this.#answered = undefined;
    if (known !== undefined && asked.every((group) => known.asked.includes(group))) {
      return asked.map((group) => known.found[known.asked.indexOf(group)] ?? new Map());
    }
    // Not before: preparing locks all relations, and a test that locks some in another order would deadlock with it.
    for (const group of asked.filter((one) => !this.#prepared.has(one))) {
      const { probes, statements } = this.baseline;
      const ofGroup = statements.filter((statement) => statement.group === group);
      await prepareProbes(this.session, probes, ofGroup);
      this.#prepared.add(group);
    }
    return askProbes(this.session, this.baseline, asked, this.since);
  }

  /**
   * If relations have new storage, as after TRUNCATE, and nothing else has changed in the catalogs: the tables with
   * rows among them. Their order is not known any more, as if all rows were new.
   */
  async #storedAnew(changed: Differences): Promise<Differences | undefined> {
    const { classes, first, second, probes } = this.baseline;
    const [[index, [count]] = [-1, ['']]] = changed;
    if (changed.size > 1 || probes[index]?.name !== 'pg_catalog.pg_class' || count !== first[index])
      return undefined;
    const written = await readClasses(this.session, this.since);
    if (![...written].every(([oid, hash]) => classes.get(oid) === hash)) return undefined;
    const found = new Map<number, readonly [string, string]>();
    for (const [n, { relation }] of probes.entries()) {
      const rows = first[n] ?? '0';
      if (relation?.kind !== 'table' || rows === '0') continue;
      const oid = String(relation.oid);
      if (!written.has(oid)) continue;
      found.set(n, [rows, withNewRows(second[n] ?? '0', Number(rows))]);
    }
    return found;
  }
}

/** Later ones go before. */
function joined(differences: readonly Differences[]): Map<number, readonly [string, string]> {
  return new Map(differences.flatMap((one) => [...one]));
}
