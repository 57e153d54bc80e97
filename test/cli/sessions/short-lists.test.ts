import { stripVTControlCharacters } from 'node:util';
import { Client } from 'pg';
import { Scratch } from '../../support/scratch.js';
import { serverUrl } from '../../support/server.js';
import { runCli } from '../../support/cli/run-cli.js';
import { runOnTerminal } from '../../support/cli/run-on-terminal.js';
import { hasTerminal } from '../../support/terminal.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

const many = 25;

/** Connects many clients, which are ended by what is tested. */
async function crowd(database: string): Promise<void> {
  const clients = Array.from(
    { length: many },
    (_, number) =>
      new Client({
        connectionString: serverUrl({ database }),
        application_name: `an application with a name ${number}`,
      }),
  );
  for (const client of clients) client.on('error', () => undefined);
  await Promise.all(clients.map(async (client) => client.connect()));
}

const rowsOf = (text: string): number => text.match(/^\s*\d+ {2}\w+ +an appl/gm)?.length ?? 0;

(hasTerminal ? describe : describe.skip)('on a terminal', () => {
  test.each([
    [30, 10],
    [20, 3],
  ])('of %i rows, %i sessions stand above the question, and none after it', async (rows, listed) => {
    const database = await scratch.database();
    await crowd(database);
    const { code, output, text } = await runOnTerminal(['recreate'], {
      env: { DATABASE_URL: serverUrl({ database }) },
      columns: 160,
      rows,
      steps: [{ after: '[y/N]', type: 'y\n' }],
    });
    const [question = '', report = ''] = stripVTControlCharacters(output).split('[y/N]');
    const [asked = '', reported = ''] = text.split('[y/N]');
    expect(rowsOf(question)).toBe(listed);
    expect(asked).toContain(`… and ${many - listed} more: ${many - listed} idle`);
    expect(asked).toContain(`, ${many} sessions)? `);
    expect(question.split('\n').length).toBeLessThan(rows);
    expect(rowsOf(report)).toBe(0);
    expect(reported).toContain(`${many} sessions terminated`);
    expect(code).toBe(0);
  });

  test('a dry run for many sessions says where their ids are, instead of a command that fills the screen', async () => {
    const database = await scratch.database();
    await crowd(database);
    const { text } = await runOnTerminal(['terminate', '--dry-run'], {
      env: { DATABASE_URL: serverUrl({ database }) },
      columns: 160,
    });
    expect(text).toContain('To terminate exactly these, pass their ids to --pids. Add --json');
    expect(text).not.toMatch(/--pids [0-9a-f]/);
    await runCli(['terminate'], { DATABASE_URL: serverUrl({ database }) });
  });

  test('columns that there is no room for are named, and --wide shows them', async () => {
    const database = await scratch.database();
    await crowd(database);
    const look = async (...args: string[]): Promise<string> =>
      stripVTControlCharacters(
        (
          await runOnTerminal(['sessions', ...args], {
            env: { DATABASE_URL: serverUrl({ database }), CI: '1' },
            columns: 45,
          })
        ).output,
      );
    const narrow = await look();
    expect(narrow).toMatch(/^Not shown: CLIENT/m);
    expect(narrow.split('\r\n').filter((line) => Array.from(line).length > 45)).toEqual([]);
    const wide = await look('--wide');
    expect(wide).not.toContain('Not shown');
    for (const title of ['PID', 'USER', 'APPLICATION', 'CLIENT', 'STATE', 'SINCE']) {
      expect(wide).toContain(title);
    }
    expect(wide).toContain('an application with a name 24');
    await runCli(['terminate'], { DATABASE_URL: serverUrl({ database }) });
  });
});

test('without a terminal a list is whole', async () => {
  const database = await scratch.database();
  await crowd(database);
  const { stdout } = await runCli(['recreate', '--yes'], { DATABASE_URL: serverUrl({ database }) });
  expect(rowsOf(stdout)).toBe(many);
  expect(stdout).not.toContain('more');
});
