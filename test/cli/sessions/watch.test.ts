import { stripVTControlCharacters } from 'node:util';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverUrl, until } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { runCli, startCli } from '../../support/cli/run-cli.js';
import { runOnTerminal } from '../../support/cli/run-on-terminal.js';
import { hasTerminal } from '../../support/terminal.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

const describeOnTerminal = hasTerminal ? describe : describe.skip;

describeOnTerminal('on a terminal', () => {
  test('--watch refreshes in place, on a screen of its own, until Ctrl-C, and exits with 0', async () => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    const { code, output } = await runOnTerminal(['sessions', '--watch', '--interval', '100ms'], {
      env: { DATABASE_URL: serverUrl({ database }) },
      steps: [
        { after: '1 session on', and: () => void session.close(), type: '' },
        { after: 'No session on', type: '\u0003' },
      ],
    });
    expect(code).toBe(0);
    expect(output.indexOf('\u001B[?1049h\u001B[?25l')).toBe(0);
    expect(output.endsWith('\u001B[?25h\u001B[?1049l')).toBe(true);
    expect(output).not.toContain('Interrupted');
    expect(stripVTControlCharacters(output)).toContain(String(session.pid));
  });

  test('--watch continues while the database does not exist for a moment', async () => {
    const database = await scratch.database();
    const { code, output } = await runOnTerminal(['sessions', '--watch', '--interval', '100ms'], {
      env: { DATABASE_URL: serverUrl({ database }) },
      steps: [
        { after: 'No session on', and: () => void ask(`DROP DATABASE ${quote(database)}`), type: '' },
        { after: 'does not exist', and: () => void ask(`CREATE DATABASE ${quote(database)}`), type: '' },
        { after: 'No session on', type: '\u0003' },
      ],
    });
    expect(code).toBe(0);
    expect(output).toContain('does not exist');
  });

  test('sessions that do not fit the screen are counted, and no line reaches the last column', async () => {
    const database = await scratch.database();
    const sessions = await Promise.all(
      Array.from({ length: 30 }, async () => openSession(serverUrl({ database }))),
    );
    const { output } = await runOnTerminal(['sessions', '--watch'], {
      env: { DATABASE_URL: serverUrl({ database }) },
      columns: 60,
      rows: 12,
      steps: [{ after: '30 sessions on', type: '\u0003' }],
    });
    const lines = stripVTControlCharacters(output).split('\r\n');
    // The time, the titles, two lines of notes, and the number of sessions take the other rows.
    expect(lines).toContainEqual(expect.stringMatching(/^… and 24 more: 24 idle/));
    expect(lines).toContainEqual(expect.stringMatching(/^Not shown: /));
    // A terminal erases the character in the last column with the rest of the line.
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(60);
    await Promise.all(sessions.map(async (session) => session.close()));
  });
});

test('without a terminal --watch prints one list after the other until it is told to end', async () => {
  const database = await scratch.database();
  const { process: child, result } = startCli(['sessions', '--watch', '--interval', '50ms'], {
    DATABASE_URL: serverUrl({ database }),
  });
  let seen = '';
  child.stdout?.on('data', (chunk: string) => (seen += chunk));
  await until(async () => Promise.resolve(seen.split('No session on').length > 3), 'three lists');
  child.kill('SIGTERM');
  const { code, stderr, stdout } = await result;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).not.toContain('\u001B');
  expect(stdout).toMatch(/^\d\d:\d\d:\d\d\nNo session on/);
});

test('--watch ends when its output is no longer read, and fails if the first look fails', async () => {
  const database = await scratch.database();
  const { process: child, result } = startCli(['sessions', '--watch', '--interval', '50ms'], {
    DATABASE_URL: serverUrl({ database }),
  });
  child.stdout?.once('data', () => child.stdout?.destroy());
  expect(await result).toMatchObject({ code: 0, stderr: '' });

  const missing = await runCli(['sessions', `${database}_no`, '--watch'], { DATABASE_URL: serverUrl() });
  expect(missing.code).toBe(7);
  const json = await runCli(['sessions', '--watch', '--json'], { DATABASE_URL: serverUrl({ database }) });
  expect(json.code).toBe(2);
});
