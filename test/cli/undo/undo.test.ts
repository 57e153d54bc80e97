import { markerOf } from '../../support/core/target.js';
import { runCli, runCliJson } from '../../support/cli/run-cli.js';
import { runOnTerminal } from '../../support/cli/run-on-terminal.js';
import { hasTerminal } from '../../support/terminal.js';
import { Scratch } from '../../support/scratch.js';
import { useOwnServer } from '../../support/own-server.js';
import { ask, databaseExists, quote, serverUrl, until } from '../../support/server.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

// What has expired is dropped by whatever command comes next on a server.
useOwnServer();

const describeOnTerminal = hasTerminal ? describe : describe.skip;

const environment = (): Record<string, string> => ({ DATABASE_URL: serverUrl() });

interface Report {
  readonly kept: { readonly database: string; readonly until: string; readonly sizeBytes: number } | null;
  readonly notKept: string | null;
  readonly from?: string;
  readonly restored?: { readonly by: string; readonly keptAt: string; readonly sizeBytes: number };
}

const json = async (
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Report> => {
  const { document } = await runCliJson<Report>(args, { ...environment(), ...more });
  return document;
};

describe('the content that a command replaces', () => {
  test('is kept for an hour where the database was named, and undo puts it back', async () => {
    const database = await scratch.database();
    const { stdout } = await runCli(['recreate', database, '--confirm', database], environment());
    expect(stdout).toMatch(
      new RegExp(`^The old content \\([0-9]+ kB\\) is kept until [0-9: -]+: pg-evict undo ${database}$`, 'm'),
    );
    const { stdout: said } = await runCli(['undo', database, '--yes'], environment());
    expect(said).toMatch(
      new RegExp(`^Put back ${database} as it was at .* \\([0-9]+ kB, before recreate\\)`),
    );
    expect(await markerOf(database)).toBe('old');
  });

  test.each([
    ['--yes', ['--yes'], {}],
    ['--confirm where CI is set', ['--confirm'], { CI: 'true' }],
    ['--confirm with --no-undo', ['--no-undo', '--confirm'], {}],
  ])('is not kept with %s', async (_how, args, more) => {
    const database = await scratch.database();
    const named = args.map((arg) => (arg === '--confirm' ? `--confirm=${database}` : arg));
    expect(await json(['recreate', database, ...named], more)).toMatchObject({ kept: null, notKept: null });
    expect((await runCli(['undo', database, '--yes'], environment())).code).toBe(7);
  });

  test('is kept with --undo, also by a drop and where CI is set', async () => {
    const database = await scratch.database();
    const report = await json(['drop', database, '--yes', '--undo', '1d'], { CI: 'true' });
    expect(await databaseExists(database)).toBe(false);
    expect(Math.round((Date.parse(report.kept?.until ?? '') - Date.now()) / 3_600_000)).toBe(24);
    expect(await json(['undo', database, '--yes'])).toMatchObject({
      from: report.kept?.database,
      restored: { by: 'drop', sizeBytes: report.kept?.sizeBytes },
    });
    expect(await markerOf(database)).toBe('old');
  });

  test('undo --dry-run says what would come back, and from which command', async () => {
    const database = await scratch.database();
    await runCli(['recreate', database, '--yes', '--undo', '1h'], environment());
    const { code, stdout } = await runCli(['undo', database, '--dry-run'], environment());
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Would put back .* \([0-9]+ kB, before recreate\)/);
    expect(await markerOf(database)).toBeUndefined();
  });

  test('undo asks as a recreate does', async () => {
    const database = await scratch.database();
    await runCli(['recreate', database, '--yes', '--undo', '1h'], environment());
    expect((await runCli(['undo', database], environment())).code).toBe(3);
    expect(await markerOf(database)).toBeUndefined();
  });
});

describeOnTerminal('what a command replaces, on a terminal,', () => {
  test('is kept for an hour where the question was answered', async () => {
    const database = await scratch.database();
    const { text } = await runOnTerminal(['recreate', database], {
      env: environment(),
      steps: [{ after: '[y/N] ', type: 'y\n' }],
    });
    expect(text).toContain('for pg-evict undo.');
    const { text: asked } = await runOnTerminal(['undo', database], {
      env: environment(),
      steps: [{ after: '[y/N] ', type: 'n\n' }],
    });
    expect(asked).toMatch(/It will be as it was at [0-9: -]+ \([0-9]+ kB, before recreate\)/);
    expect(text).toContain(`pg-evict undo ${database}`);
    const { kept } = await json(['undo', database, '--yes']);
    const seconds = (Date.parse(kept?.until ?? '') - Date.now()) / 1000;
    expect(Math.round(seconds / 60)).toBe(60);
  });
});

describeOnTerminal('what is kept of a database that does not exist any more, on a terminal,', () => {
  test('is dropped by a drop only after a question', async () => {
    const database = await scratch.database();
    expect((await json(['drop', database, '--yes', '--undo', '1h'])).kept).not.toBeNull();
    const { text } = await runOnTerminal(['drop', database, '--if-exists'], {
      env: environment(),
      steps: [{ after: '[y/N] ', type: 'n\n' }],
    });
    expect(text).toContain('It will be lost.');
    expect((await runCli(['undo', database, '--yes'], environment())).code).toBe(0);
  });
});

describe('kept content of a database that does not exist any more', () => {
  test('is named by a drop that drops it', async () => {
    const database = await scratch.database();
    expect((await json(['drop', database, '--yes', '--undo', '1h'])).kept).not.toBeNull();
    const args = ['drop', database, '--if-exists'];
    const { stdout: planned } = await runCli([...args, '--dry-run'], environment());
    expect(planned).toMatch(/would be lost too: The content kept for an undo, "pg_evict_undo_/);
    const { stdout } = await runCli([...args, '--yes'], environment());
    expect(stdout).toMatch(
      new RegExp(`^${database} does not exist\\.\nlost too: The content kept for an undo, "pg_evict_undo_`),
    );
    expect((await runCli([...args, '--yes'], environment())).stdout).toContain('nothing to do');
  });
});

describe('expired content', () => {
  /** A database of which something is kept whose time is over, and the name of that. */
  async function expired(): Promise<{ database: string; name: string }> {
    const database = await scratch.database();
    const { kept } = await json(['recreate', database, '--yes', '--undo', '1s']);
    const name = kept?.database ?? '';
    await until(async () => {
      const rows = await ask('SELECT WHERE clock_timestamp() > $1::timestamptz', [kept?.until]);
      return rows.length > 0;
    }, 'its time to be over');
    return { database, name };
  }

  test('stays with what changes nothing, and is dropped by the next command that replaces something', async () => {
    const { database, name } = await expired();
    const other = await scratch.database();
    await runCli(['sessions', database], environment());
    await runCli(['recreate', other, '--dry-run'], environment());
    await runCli(['sweep', '--dry-run'], environment());
    const { stdout } = await runCli(['doctor', database], environment());
    expect(stdout).toContain(`${name} is ${database} before recreate; its time is over.`);
    expect(await databaseExists(name)).toBe(true);
    await runCli(['recreate', other, '--yes'], environment());
    expect(await databaseExists(name)).toBe(false);
  });

  test.each([['sweep'], ['doctor', '--fix']])('is dropped by %s %s', async (...args) => {
    const { name } = await expired();
    await runCli(args, environment());
    expect(await databaseExists(name)).toBe(false);
  });

  test('stays if it has the protection label', async () => {
    const { name } = await expired();
    await runCli(['protect', name, '--reason', 'needed'], environment());
    await runCli(['sweep'], environment());
    expect(await databaseExists(name)).toBe(true);
    await ask(`DROP DATABASE ${quote(name)}`);
  });
});

test('swap exchanges the names of two databases', async () => {
  const [one, two] = [await scratch.database(), await scratch.database()];
  await ask(`COMMENT ON DATABASE ${quote(one)} IS 'one'`);
  const { code, stdout } = await runCli(['swap', one, two], environment());
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`Swapped ${one} and ${two}`),
  });
  const rows = await ask(
    `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`,
    [two],
  );
  expect(rows).toEqual([{ comment: 'one' }]);
});
