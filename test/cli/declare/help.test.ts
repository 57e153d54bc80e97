import { runCli } from '../../support/cli/run-cli.js';
import { runOnTerminal } from '../../support/cli/run-on-terminal.js';
import { hasTerminal } from '../../support/terminal.js';
import { stripVTControlCharacters } from 'node:util';

const commands = [
  'sessions',
  'terminate',
  'drop',
  'create',
  'recreate',
  'fresh',
  'restore',
  'rename',
  'clone',
  'run',
  'protect',
  'unprotect',
  'sweep',
  'doctor',
  'init',
  'help',
];

/** The words of a text, however its lines are broken: what an example goes on with is not one. */
const wordsOf = (text: string): string => text.replaceAll(' \\\n', ' ').replaceAll(/\s+/g, ' ').trim();

describe('help', () => {
  test.each(['--help', ...commands])(
    '%s: no line is wider than the terminal, and no word is lost',
    async (command) => {
      const args = command === '--help' ? ['--help'] : ['help', command];
      const { stdout: widest } = await runCli(args, { COLUMNS: '120' });
      for (const columns of [40, 61, 80, 100]) {
        const { stdout } = await runCli(args, { COLUMNS: String(columns) });
        const tooWide = stdout.split('\n').filter((line) => Array.from(line).length > columns);
        expect({ columns, tooWide }).toEqual({ columns, tooWide: [] });
        expect(wordsOf(stdout)).toBe(wordsOf(widest));
      }
    },
  );
});

(hasTerminal ? describe : describe.skip)('on a terminal', () => {
  test.each([40, 60, 200])('of %i columns help fits', async (columns) => {
    const { output } = await runOnTerminal(['help', 'run'], { columns });
    const lines = stripVTControlCharacters(output).split('\r\n');
    expect(lines.filter((line) => Array.from(line).length > columns)).toEqual([]);
  });
});

describe('words that people try', () => {
  test.each([
    [['version'], 0, /^\d+\.\d+\.\d+/],
    [['help', 'drop'], 0, /^Usage: pg-evict drop/],
    [['help', 'ls'], 0, /^Usage: pg-evict sessions/],
    [['help'], 0, /^Usage: pg-evict <command>/],
    [['help', 'nope'], 2, /unknown command 'nope'/],
    [['reset'], 2, /pg-evict recreate.*pg-evict fresh/],
    [['kill'], 2, /pg-evict terminate/],
    [['migrate'], 2, /pg-evict fresh/],
    [['status'], 2, /pg-evict doctor/],
    [['drpo'], 2, /Did you mean drop\?/],
    [['-v'], 2, /The version: -V\. To see each step: --verbose/],
    [['drop', 'x', '-v'], 2, /The version: -V\. To see each step: --verbose/],
    [['drop', 'x', '--force'], 2, /--yes/],
    [['drop', 'x', '-f'], 2, /--yes/],
    [['drop', '--dbname=x'], 2, /The database is the first argument/],
    [['drop', '--password'], 2, /PGPASSWORD/],
    [['sessions', 'app', '-h'], 2, /For help: pg-evict sessions --help/],
    [['drop', 'help'], 2, /For help: pg-evict drop --help/],
    [['create', 'help'], 2, /For help: pg-evict create --help/],
    [['rename', 'help'], 2, /For help: pg-evict rename --help/],
  ])('%j exits with %i and says what is meant', async (args, exitCode, text) => {
    const { code, stdout, stderr } = await runCli(args);
    expect(code).toBe(exitCode);
    expect(exitCode === 0 ? stdout : stderr).toMatch(text);
  });

  test.each([['ps'], ['list'], ['ls']])('%s lists sessions', async (alias) => {
    const { stderr } = await runCli([alias]);
    expect(stderr).toContain('No database is named');
  });

  test('help is the name of a database if an option shows that it is meant', async () => {
    const { stderr } = await runCli(['drop', 'help', '--yes'], { PGHOST: '127.0.0.1', PGPORT: '1' });
    expect(stderr).toContain('Cannot connect');
  });
});
