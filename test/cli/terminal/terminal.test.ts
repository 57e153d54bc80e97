import { spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, quote, serverUrl, uniqueName } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { markerOf } from '../../support/core/target.js';
import { runCli } from '../../support/cli/run-cli.js';
import { runOnTerminal } from '../../support/cli/run-on-terminal.js';
import { hasTerminal } from '../../support/terminal.js';
import { startStallingProxy } from '../../support/cli/stalling-proxy.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

const describeOnTerminal = hasTerminal ? describe : describe.skip;

describeOnTerminal('on a terminal', () => {
  test('drop shows server, database, size and sessions, asks, and does it on yes', async () => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    const { code, output, text } = await runOnTerminal(['drop'], {
      env: { DATABASE_URL: serverUrl({ database }) },
      steps: [{ after: '[y/N]', type: 'y\n' }],
    });
    expect(text).toMatch(/server +\S+:\d+ \(PostgreSQL \d+\S*, as postgres, from DATABASE_URL\)/);
    expect(text).toMatch(new RegExp(`database +${database} \\(\\d+ [kM]B, owner postgres\\)`));
    expect(stripVTControlCharacters(output)).toMatch(/sessions +1\r?\n/);
    expect(text.indexOf(String(session.pid))).toBeLessThan(text.indexOf('[y/N]'));
    expect(text).toContain(`Dropped ${database}`);
    expect(code).toBe(0);
    expect(await databaseExists(database)).toBe(false);
  });

  test.each([
    ['no', 'n\n', 3],
    ['nothing', '\n', 3],
    ['what only begins with a yes', 'yesterday\n', 3],
    ['end of input', '\u0004', 3],
    ['Ctrl-C', '\u0003', 130],
  ])('with %s as the answer nothing happens', async (_what, type, exitCode) => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    const { code, text } = await runOnTerminal(['recreate'], {
      env: { DATABASE_URL: serverUrl({ database }) },
      steps: [{ after: '[y/N]', type }],
    });
    expect(text).toContain('Nothing was changed.');
    expect(code).toBe(exitCode);
    await session.client.query('SELECT FROM marker');
    await session.close();
  });

  test.each([
    ['errors go elsewhere', '2>/dev/null'],
    ['an answer is fed to it', "<<'END'\ny\nEND"],
  ])('where %s it does not ask', async (_what, redirection) => {
    const database = await scratch.database();
    const { code } = await runOnTerminal(['drop'], {
      env: { DATABASE_URL: serverUrl({ database }) },
      redirection,
    });
    expect(code).toBe(3);
    expect(await markerOf(database)).toBe('old');
  });

  test('the time at the prompt does not count towards --timeout', async () => {
    const database = await scratch.database();
    const { code } = await runOnTerminal(['recreate', '--timeout', '5s'], {
      env: { DATABASE_URL: serverUrl({ database }) },
      steps: [{ after: '[y/N] ', type: 'y\n', and: () => void spawnSync('sleep', ['5.5']) }],
    });
    expect(code).toBe(0);
  });

  test('a command that cannot succeed fails without asking', async () => {
    const database = await scratch.database();
    const role = await scratch.role('CREATEDB');
    await ask(`ALTER DATABASE ${quote(database)} OWNER TO ${quote(role)}`);
    const foreign = await openSession(serverUrl({ database }));
    const { code, text } = await runOnTerminal(['recreate'], {
      env: { DATABASE_URL: serverUrl({ database, user: role, password: role }) },
    });
    expect(text).not.toContain('[y/N]');
    expect(text).toContain('Connect as a superuser');
    expect(code).toBe(4);
    await foreign.close();
    const missing = await runOnTerminal(['drop', uniqueName('missing')], {
      env: { DATABASE_URL: serverUrl() },
    });
    expect(missing.output).not.toContain('[y/N]');
    expect(missing.code).toBe(7);
  });

  test('there is colour, but not with NO_COLOR or --no-color', async () => {
    const database = await scratch.database();
    const env = { DATABASE_URL: serverUrl({ database }) };
    // Colours alone: where the server is slow, the spinner moves the cursor.
    // oxlint-disable-next-line no-control-regex -- this is what must not be there
    const colour = /\u001B\[[\d;]*m/;
    expect((await runOnTerminal(['sessions'], { env })).output).toMatch(colour);
    expect((await runOnTerminal(['sessions', '--no-color'], { env })).output).not.toMatch(colour);
    const noColor = { ...env, NO_COLOR: '1' };
    expect((await runOnTerminal(['sessions'], { env: noColor })).output).not.toMatch(colour);
    expect((await runOnTerminal(['drop', '--help', '--no-color'])).output).not.toMatch(colour);
  });

  test('the table fits the terminal, whatever its width, with the query in one line', async () => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    await session.client.query(`SELECT 1,\n\t'${'日本語'.repeat(100)}'`);
    for (const columns of [50, 80, 160]) {
      const { output } = await runOnTerminal(['sessions'], {
        // In CI there is no spinner, which would draw in the first line where the server is slow.
        env: { DATABASE_URL: serverUrl({ database }), CI: '1' },
        columns,
      });
      const lines = stripVTControlCharacters(output).trimEnd().split('\r\n');
      const [head = '', row = ''] = lines;
      expect(row).toContain(String(session.pid));
      expect(row).toMatch(/SELECT 1, .*…$/u);
      expect(lines.at(-1)).toBe(`1 session on ${database}.`);
      for (const line of lines.slice(2)) expect(line.length).toBeLessThanOrEqual(columns);
      // What there is no room for is named.
      const isComplete = ['USER', 'CLIENT', 'STATE', 'SINCE'].every((title) => head.includes(title));
      expect(output.includes('Not shown: ')).toBe(!isComplete);
      const wide = row.match(/\p{Script=Han}/gu)?.length ?? 0;
      expect(row.length + wide).toBeLessThanOrEqual(columns);
      expect(head.length).toBeLessThanOrEqual(columns);
    }
    await session.close();
  });

  test('a result fits a narrow terminal, and the command to copy is not broken', async () => {
    const database = await scratch.database();
    const { output } = await runOnTerminal(['recreate', database, '--undo', '1h', '--yes'], {
      env: { DATABASE_URL: serverUrl({ database }) },
      columns: 60,
    });
    const lines = stripVTControlCharacters(output).split(/[\r\n]+/);
    expect(lines).toContain(`  pg-evict undo ${database}`);
    expect(lines.filter((line) => line.includes('kept until') && line.length > 60)).toEqual([]);
    await runCli(['drop', database, '--yes'], { DATABASE_URL: serverUrl({ database }) });
  });

  test('Ctrl-C ends a waiting operation cleanly and says in what state the database is', async () => {
    const database = await scratch.database();
    const holder = await openSession(serverUrl());
    await holder.client.query(`BEGIN; COMMENT ON DATABASE ${quote(database)} IS 'locked'`);
    const { code, text } = await runOnTerminal(['recreate', '-y'], {
      env: { DATABASE_URL: serverUrl({ database }) },
      // The spinner tells that it waits.
      steps: [{ after: 'Swapping', type: '\u0003' }],
    });
    await holder.close();
    expect(text).toContain('Interrupted; shutting down cleanly.');
    expect(text).toMatch(/Aborted\. .*not recreated/);
    expect(code).toBe(130);
    const session = await openSession(serverUrl({ database }));
    expect((await session.client.query('SELECT content FROM marker')).rows).toEqual([{ content: 'old' }]);
    await session.close();
  });

  test('a second Ctrl-C leaves at once, also when the server does not answer', async () => {
    const database = await scratch.database();
    const holder = await openSession(serverUrl());
    await holder.client.query(`BEGIN; COMMENT ON DATABASE ${quote(database)} IS 'locked'`);
    const proxy = await startStallingProxy(serverUrl({ database }));
    const { code, text } = await runOnTerminal(['drop', '-y'], {
      env: { DATABASE_URL: proxy.url },
      steps: [
        { after: 'Terminating the sessions', and: proxy.stall, type: '\u0003' },
        { after: 'Press Ctrl-C again to exit immediately.', type: '\u0003' },
      ],
    });
    await proxy.close();
    await holder.close();
    expect(text).toContain('Exited immediately. The server may still be running');
    expect(code).toBe(130);
  });

  test('a spinner appears when something takes longer than a blink, and leaves no trace', async () => {
    const database = await scratch.database();
    const straggler = openSession(`${serverUrl({ database })}?options=-c%20post_auth_delay%3D1`).catch(
      () => undefined,
    );
    const { code, output } = await runOnTerminal(['drop', '-y'], {
      env: { DATABASE_URL: serverUrl({ database }) },
    });
    await (await straggler)?.close();
    expect(code).toBe(0);
    expect(output.split('\u001B[?25l')).toHaveLength(output.split('\u001B[?25h').length);
    expect(stripVTControlCharacters(output.split('\u001B[?25h').at(-1) ?? '')).toContain(
      `Dropped ${database}`,
    );
  });
});
