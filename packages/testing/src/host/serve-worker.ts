import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { isPgEvictError, PgEvictError } from '@pg-evict/core';
import { listLeaks } from '../database/list-leaks.js';
import { unwatched } from '../leaks/watch-sockets.js';
import { onLines, toLine } from '../wire/lines.js';
import type {
  AnswerMessage,
  PlainError,
  PlainLeak,
  RequestKind,
  RequestMessage,
  Requests,
} from '../wire/protocol.js';
import type { Borrower } from './pooled-database.js';
import type { RunOfHost } from './hosted-run.js';

type Handlers = {
  [Kind in RequestKind]: (
    asks: Requests[Kind]['asks'],
    waits: (why: string) => void,
  ) => Promise<Requests[Kind]['answers']>;
};

/**
 * Answers a worker for as long as it is connected. Requests of different workers do not wait for each other. When the
 * connection ends, the worker's databases are given back.
 *
 * @param runs by their id
 */
export function serveWorker(socket: Socket, secret: string, runs: ReadonlyMap<string, RunOfHost>): void {
  const borrower = { who: 'a worker' };
  const send = (message: AnswerMessage): void => {
    if (!socket.destroyed) socket.write(toLine(message));
  };
  const handlers = handlersFor(borrower, secret, runs);
  let known = false;
  const answer = async ({ id, kind, asks }: RequestMessage): Promise<void> => {
    try {
      if (!known && kind !== 'hello') throw new PgEvictError('REFUSED', 'Say hello first.');
      const handle = handlers[kind] as Handlers[RequestKind] | undefined;
      if (handle === undefined) throw new PgEvictError('REFUSED', `There is no request "${kind}".`);
      const answers = await handle(asks as never, (waits) => send({ id, waits }));
      known = true;
      send({ id, answers });
    } catch (error) {
      send({ id, error: toPlainError(error) });
      if (!known) socket.end();
    }
  };
  socket.unref();
  socket.on('error', () => undefined);
  // If a runner runs tests in its own process, none of this work belongs to the running file.
  socket.on('close', () =>
    unwatched(() => {
      for (const run of runs.values()) void run.leave(borrower).catch(() => undefined);
    }),
  );
  onLines(socket, (message) => unwatched(() => void answer(message as RequestMessage)));
}

function handlersFor(
  borrower: { who: string },
  secret: string,
  runs: ReadonlyMap<string, RunOfHost>,
): Handlers {
  const runWith = (id: string): RunOfHost => {
    const run = runs.get(id);
    if (run === undefined) throw new PgEvictError('REFUSED', `Run ${id} has been ended.`);
    return run;
  };
  return {
    async hello({ secret: given, who }) {
      if (!isSame(given, secret)) throw new PgEvictError('REFUSED', 'That is not the secret of this run.');
      borrower.who = who;
      return Promise.resolve({});
    },
    async borrow({ run, name, template, empty, for: whom }, waits) {
      const pool = await runWith(run).poolOf({ template, empty });
      const { name: lent } = await pool.borrow(named(borrower, whom), name, waits);
      return { name: lent };
    },
    async return({ name, used, keep = false, next }) {
      const pool = await poolWith(runs, name);
      const { next: following, kept } = await pool.giveBack(borrower, name, { used, keep, next });
      return { next: following, kept: kept?.name ?? null };
    },
    async reset({ name, graceMs = 0 }) {
      const pool = await poolWith(runs, name);
      const { sessions, ...report } = await pool.reset(borrower, name, graceMs);
      return { ...report, sessions: sessions.map(({ pid }) => pid) };
    },
    async leaks({ run, databases, sockets }) {
      const open = sockets.map((socket) => ({ ...socket, openedAt: new Date(socket.openedAt), lines: [] }));
      const found = await listLeaks(runWith(run).run, databases, open);
      const leaks = found.map(({ socket, ...leak }): PlainLeak => {
        return { ...leak, socket: socket === null ? null : open.indexOf(socket as (typeof open)[number]) };
      });
      return { leaks };
    },
  };
}

/** The last message says which borrower has the database. */
function named(borrower: { who: string }, whom: string): Borrower {
  borrower.who = borrower.who.replace(/(?: for .*)?$/, ` for ${whom}`);
  return borrower;
}

async function poolWith(
  runs: ReadonlyMap<string, RunOfHost>,
  name: string,
): ReturnType<RunOfHost['poolWith']> {
  const run = [...runs.values()].find(({ run: { id } }) => name.includes(`_${id}_`));
  if (run === undefined)
    throw new PgEvictError('REFUSED', `Database "${name}" does not belong to a run of this host.`);
  return run.poolWith(name);
}

function isSame(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function toPlainError(error: unknown): PlainError {
  const message = error instanceof Error ? error.message : String(error);
  return isPgEvictError(error)
    ? { code: error.code, message, database: error.database }
    : { code: 'UNEXPECTED', message, database: null };
}
