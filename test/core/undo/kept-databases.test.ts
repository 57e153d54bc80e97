import {
  dropDatabase,
  findKeptDatabases,
  protectDatabase,
  recreateDatabase,
  renameDatabase,
  swapDatabase,
  undoDatabase,
  withExclusiveAccess,
} from '@pg-evict/core';
import { dropExpiredDatabases } from '@pg-evict/core/internal';
import { failureOf } from '../../support/core/failure.js';
import { markerOf, privateDatabasesFor, targetOf } from '../../support/core/target.js';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, quote, serverUrl } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

// What has expired is dropped by whatever command comes next on a server.
useOwnServer();

const hourMs = 3_600_000;

const commentOf = async (database: string): Promise<string | null | undefined> => {
  const rows = await ask<{ comment: string | null }>(
    `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`,
    [database],
  );
  return rows[0]?.comment;
};

const comment = async (database: string, text: string): Promise<unknown> =>
  ask(`COMMENT ON DATABASE ${quote(database)} IS '${text.replaceAll("'", "''")}'`);

/** Scratch's own, for a name that no URL can carry. */
async function databaseNamed(name: string): Promise<string> {
  const plain = await scratch.database();
  await ask(`ALTER DATABASE ${quote(plain)} RENAME TO ${quote(scratch.forget(name))}`);
  return name;
}

/** A database of which the content `old` is kept, and what that is called. */
async function replaced(name?: string): Promise<{ database: string; kept: string }> {
  const database = name === undefined ? await scratch.database() : await databaseNamed(name);
  const report = await recreateDatabase(targetOf(database), { undoMs: hourMs });
  return { database, kept: report.kept?.database ?? '' };
}

/** A database under the name that another content of this one would be kept by, and with a note like it. */
async function putBeside(kept: string, owner: string, at: number): Promise<string> {
  const name = kept.replace(/_[0-9]+_([0-9a-z]+)$/, '_1_$1');
  await ask(`CREATE DATABASE ${quote(name)} OWNER ${quote(owner)} ALLOW_CONNECTIONS false`);
  const text = (await commentOf(kept)) ?? '';
  await comment(name, text.replace(/"at":[0-9]+/, `"at":${at}`));
  scratch.forget(name);
  return name;
}

test('the error for a dropped database says that its content is kept', async () => {
  const database = await scratch.database();
  const { kept } = await dropDatabase(targetOf(database), { undoMs: hourMs });
  const error = await failureOf(dropDatabase(targetOf(database)));
  expect(error).toMatchObject({
    code: 'DATABASE_NOT_FOUND',
    hint: expect.stringContaining(
      `Content of it is kept as "${kept?.database}": undo puts it back.`,
    ) as string,
  });
});

test('the error for a database that never existed does not mention content that another role has named after it', async () => {
  const { database, kept } = await replaced();
  const [mallory, own] = [await scratch.role('CREATEDB'), await scratch.role('CREATEDB')];
  const planted = await putBeside(kept, mallory, Date.now());
  await dropDatabase(targetOf(database));
  expect(await databaseExists(planted)).toBe(false);
  await ask(`CREATE DATABASE ${quote(planted)} OWNER ${quote(mallory)} ALLOW_CONNECTIONS false`);
  const error = await failureOf(dropDatabase(targetOf(database, own)));
  expect(error).toMatchObject({ code: 'DATABASE_NOT_FOUND' });
  expect(error.hint).not.toContain('undo puts it back');
});

test.each([
  ['swapped', async (database: string, kept: string) => swapDatabase(targetOf(database), kept)],
  ['swapped as the first', async (database: string, kept: string) => swapDatabase(targetOf(kept), database)],
  ['renamed', async (_database: string, kept: string) => renameDatabase(targetOf(kept), scratch.newName())],
])('kept content is not %s: no client could connect to it', async (_what, change) => {
  const { database, kept } = await replaced();
  expect(await failureOf(change(database, kept))).toMatchObject({
    code: 'REFUSED',
    database: kept,
    hint: expect.stringContaining('Undo restores it') as string,
  });
  expect(await markerOf(database)).toBeUndefined();
  await undoDatabase(targetOf(database));
  expect(await markerOf(database)).toBe('old');
});

describe('undone whatever the database is called and its comment says', () => {
  test.each([
    ['a note of ours, as in a kept database that somebody has renamed', '[pg-evict: undo {"of":"a"}]'],
    ['what ends a note', '}] [pg-evict: undo '],
    ['what a placeholder is recognised by', 'x [pg-evict: placeholder of pg_evict_held_1] y'],
  ])('a comment that has %s', async (_what, text) => {
    const database = await scratch.database();
    await comment(database, text);
    for (const content of [undefined, 'old']) {
      if (content === undefined) await recreateDatabase(targetOf(database), { undoMs: hourMs });
      else await undoDatabase(targetOf(database), { undoMs: hourMs });
      expect(await markerOf(database)).toBe(content);
      expect(await commentOf(database)).toBe(text);
    }
  });

  test('a kept database that was renamed by hand, with its comment, and replaced then', async () => {
    const { database, kept } = await replaced();
    const by = scratch.newName('by');
    await ask(`ALTER DATABASE ${quote(kept)} RENAME TO ${quote(by)}`);
    await ask(`ALTER DATABASE ${quote(by)} ALLOW_CONNECTIONS true`);
    const note = await commentOf(by);
    await recreateDatabase(targetOf(by), { undoMs: hourMs });
    await undoDatabase(targetOf(by));
    expect(await markerOf(by)).toBe('old');
    expect(await commentOf(by)).toBe(note);
    expect(await failureOf(undoDatabase(targetOf(database)))).toMatchObject({ code: 'DATABASE_NOT_FOUND' });
  });

  test.each([
    ['quotes and a line end', `a"b'c\n[$(x)]☃`],
    ['63 bytes', `${'ü'.repeat(31)}x`],
    ['what a label is recognised by', 'pg-evict protected'],
    ['what a note begins with', '[pg-evict: undo {"of":"x"}]'],
  ])('a name with %s', async (_what, given) => {
    const { database, kept } = await replaced(given);
    expect((await findKeptDatabases(targetOf(database))).find(({ of }) => of === database)).toMatchObject({
      database: kept,
    });
    await undoDatabase(targetOf(database), { undoMs: hourMs });
    expect(await markerOf(database)).toBe('old');
    const { leftovers } = await dropDatabase(targetOf(database));
    expect(leftovers).toEqual([]);
    expect(await privateDatabasesFor(database)).toEqual([]);
  });
});

describe('under a name like that of a kept database', () => {
  test.each([
    ['a later one', 4_000_000_000],
    ['one of a time that there is not', 1e30],
  ])('another role cannot prevent an undo: %s', async (_what, at) => {
    const { database, kept } = await replaced();
    const intruder = await scratch.role('CREATEDB');
    const name = await putBeside(kept, intruder, at);
    expect(await undoDatabase(targetOf(database))).toMatchObject({ from: kept });
    expect(await markerOf(database)).toBe('old');
    expect(await databaseExists(name)).toBe(true);
    await ask(`DROP DATABASE ${quote(name)}`);
  });

  test('if the database does not exist and other roles have content under its name, undo takes none of it', async () => {
    const database = await scratch.database();
    const owner = await scratch.role('CREATEDB');
    await ask(`ALTER DATABASE ${quote(database)} OWNER TO ${quote(owner)}`);
    const { kept } = await dropDatabase(targetOf(database), { undoMs: hourMs });
    const intruder = await scratch.role('CREATEDB');
    const name = await putBeside(kept?.database ?? '', intruder, 4_000_000_000);
    const failure = await failureOf(undoDatabase(targetOf(database)));
    expect(failure).toMatchObject({ code: 'REFUSED' });
    expect(failure.message).toContain(intruder);
    // Whoever owns it gets it back.
    await undoDatabase(targetOf(database, owner));
    expect(await markerOf(database)).toBe('old');
    await ask(`DROP DATABASE ${quote(name)}`);
    await ask(`ALTER DATABASE ${quote(database)} OWNER TO postgres`);
  });

  test('a database without the note of pg-evict is not dropped when its time is over', async () => {
    const { database, kept } = await replaced();
    const name = kept.replace(/_[0-9a-z]+_[0-9]+_([0-9a-z]+)$/, '_1_1_$1');
    await ask(`CREATE DATABASE ${quote(scratch.forget(name))}`);
    const { dropped } = await dropExpiredDatabases(targetOf(database));
    expect(dropped).not.toContain(name);
    expect(await databaseExists(name)).toBe(true);
  });
});

describe('two at once', () => {
  test('a recreate that has swapped does not drop what a later one has kept', async () => {
    const database = await scratch.database();
    let swapped: () => void = () => undefined;
    let goOn: () => void = () => undefined;
    const isSwapped = new Promise<void>((resolve) => (swapped = resolve));
    const first = recreateDatabase(targetOf(database), {
      undoMs: hourMs,
      onStep: async (step) => {
        if (step !== 'swapped') return;
        swapped();
        await new Promise<void>((resolve) => (goOn = resolve));
      },
    });
    await isSwapped;
    const second = await recreateDatabase(targetOf(database), { undoMs: hourMs });
    goOn();
    await first;
    expect(await databaseExists(second.kept?.database ?? '')).toBe(true);
    expect(await undoDatabase(targetOf(database))).toMatchObject({ from: second.kept?.database });
  });

  test('two undos: each that succeeds has swapped, and something is kept', async () => {
    const { database } = await replaced();
    const undoing = Array.from({ length: 2 }, async () =>
      undoDatabase(targetOf(database), { undoMs: hourMs }),
    );
    const results = await Promise.allSettled(undoing);
    const succeeded = results.filter(({ status }) => status === 'fulfilled').length;
    expect(succeeded).toBeGreaterThan(0);
    const failures = results.flatMap((result) =>
      result.status === 'rejected' ? [String(result.reason)] : [],
    );
    expect(failures.filter((failure) => !failure.includes('by another operation'))).toEqual([]);
    expect(await markerOf(database)).toBe(succeeded === 1 ? 'old' : undefined);
    const kept = await findKeptDatabases(targetOf(database));
    expect(kept.filter(({ of }) => of === database)).toHaveLength(1);
  });

  test('an undo of a held database is refused, and its content stays', async () => {
    const { database, kept } = await replaced();
    await withExclusiveAccess(targetOf(database), async () => {
      expect(await failureOf(undoDatabase(targetOf(database)))).toMatchObject({ code: 'BLOCKED' });
    });
    expect(await markerOf(database)).toBeUndefined();
    expect(await undoDatabase(targetOf(database))).toMatchObject({ from: kept });
  });

  test('the undo drops content that an earlier undo left', async () => {
    const { database, kept } = await replaced();
    const failing = dropDatabase(targetOf(database), {
      undoMs: hourMs,
      onStep: (step) => {
        if (step === 'dropped') throw new Error('killed');
      },
    });
    await expect(failing).rejects.toThrow('killed');
    expect(await databaseExists(kept)).toBe(true);
    await undoDatabase(targetOf(database));
    expect(await markerOf(database)).toBeUndefined();
    expect(await databaseExists(kept)).toBe(false);
  });
});

describe('two kept contents, because the process was killed before it dropped the earlier one', () => {
  /** A database that has been recreated and then put aside; `later` is what it was last. */
  async function keptTwice(): Promise<{ database: string; earlier: string; later: string }> {
    const { database, kept: earlier } = await replaced();
    const failing = dropDatabase(targetOf(database), {
      undoMs: hourMs,
      onStep: (step) => {
        if (step === 'dropped') throw new Error('killed');
      },
    });
    await expect(failing).rejects.toThrow('killed');
    const kept = await findKeptDatabases(targetOf(database));
    const later = kept.find(({ of, database: name }) => of === database && name !== earlier)?.database;
    return { database, earlier, later: later ?? '' };
  }

  test('an undo takes the later one, though the clock of the server has been set back meanwhile', async () => {
    const { database, earlier, later } = await keptTwice();
    const text = (await commentOf(earlier)) ?? '';
    await comment(earlier, text.replace(/"at":[0-9.]+/, '"at":4000000000'));
    expect(await undoDatabase(targetOf(database))).toMatchObject({ from: later });
    expect(await markerOf(database)).toBeUndefined();
    expect(await databaseExists(earlier)).toBe(false);
  });

  test('the earlier one is dropped with expired ones', async () => {
    const { database, earlier, later } = await keptTwice();
    const { dropped } = await dropExpiredDatabases(targetOf('postgres'));
    expect(dropped).toContain(earlier);
    expect(await undoDatabase(targetOf(database))).toMatchObject({ from: later });
  });

  test('another role cannot have our kept content dropped by a later one of its own', async () => {
    const { database, kept } = await replaced();
    const name = await putBeside(kept, await scratch.role('CREATEDB'), 4_000_000_000);
    await dropExpiredDatabases(targetOf('postgres'));
    expect(await databaseExists(kept)).toBe(true);
    expect(await undoDatabase(targetOf(database))).toMatchObject({ from: kept });
    await ask(`DROP DATABASE ${quote(name)}`);
  });
});

describe('kept content that cannot be dropped', () => {
  test('a drop says which kept content is protected', async () => {
    const { database, kept } = await replaced();
    await protectDatabase(targetOf(kept), 'evidence');
    const { leftovers } = await dropDatabase(targetOf(database));
    expect(leftovers).toEqual([{ database: kept, reason: expect.stringContaining('protected') }]);
    expect(await databaseExists(kept)).toBe(true);
  });

  test('a drop says which kept content belongs to another role', async () => {
    const { database, kept } = await replaced();
    const owner = await scratch.role('CREATEDB');
    await ask(`ALTER DATABASE ${quote(database)} OWNER TO ${quote(owner)}`);
    const { leftovers } = await dropDatabase(targetOf(database, owner));
    expect(leftovers).toEqual([{ database: kept, reason: expect.stringContaining('postgres') }]);
  });

  test('if a session is connected to it, it is left immediately and reported', async () => {
    const { database, kept } = await replaced();
    await ask(`ALTER DATABASE ${quote(kept)} ALLOW_CONNECTIONS true`);
    const session = await openSession(serverUrl({ database: kept }));
    const { leftovers } = await dropDatabase(targetOf(database));
    expect(leftovers).toEqual([{ database: kept, reason: expect.stringContaining(`(${session.pid})`) }]);
    await session.close();
  });

  test('if a session is altering it, it is soon left and reported', async () => {
    const { database, kept } = await replaced();
    const session = await openSession(serverUrl());
    await session.client.query(`BEGIN; COMMENT ON DATABASE ${quote(kept)} IS 'mine'`);
    const { leftovers } = await dropDatabase(targetOf(database));
    expect(leftovers).toEqual([{ database: kept, reason: expect.stringContaining(`(${session.pid})`) }]);
    await session.client.query('ROLLBACK');
    await session.close();
  });

  test('kept content with a protection label is put back only after the label is removed', async () => {
    const { database, kept } = await replaced();
    await protectDatabase(targetOf(kept), 'evidence');
    expect(await failureOf(undoDatabase(targetOf(database)))).toMatchObject({ code: 'PROTECTED' });
    await recreateDatabase(targetOf(database), { undoMs: hourMs });
    expect(await databaseExists(kept)).toBe(true);
  });

  test('a label that is set at the last moment prevents the undo', async () => {
    const { database, kept } = await replaced();
    const undoing = undoDatabase(targetOf(database), {
      onStep: async (step) => {
        if (step === 'checked') await protectDatabase(targetOf(kept), 'evidence');
      },
    });
    expect(await failureOf(undoing)).toMatchObject({ code: 'PROTECTED' });
    expect(await commentOf(kept)).toContain('evidence');
  });
});
