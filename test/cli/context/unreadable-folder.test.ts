import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Scratch } from '../../support/scratch.js';
import { serverUrl } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { cliEnvironment, type CliResult } from '../../support/cli/run-cli.js';

const scratch = new Scratch();
const open = mkdtempSync(join(tmpdir(), 'pg-evict-open-'));
const folder = mkdtempSync(join(tmpdir(), 'pg-evict-closed-'));

beforeAll(() => {
  // Another user may not be let in where the tests are.
  const packaged = resolve(__dirname, '../../../packages/cli');
  mkdirSync(join(open, 'dist'));
  for (const file of ['package.json', 'bin/pg-evict.cjs', 'dist/main.cjs', 'dist/bundle.cjs']) {
    cpSync(join(packaged, file), join(open, file));
  }
  chmodSync(open, 0o755);
});
afterAll(async () => {
  chmodSync(folder, 0o700);
  for (const path of [open, folder]) rmSync(path, { recursive: true });
  await scratch.cleanUp();
});

/** Runs the command as somebody who may not read the folder he stands in, as `sudo -u postgres` does in /root. */
async function runThere(...args: string[]): Promise<CliResult> {
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn(
    'sh',
    ['-c', 'chmod 0 . 2>&-; exec "$@"', 'sh', process.execPath, join(open, 'bin', 'pg-evict.cjs'), ...args],
    { cwd: folder, env: cliEnvironment({ DATABASE_URL: serverUrl() }), ...nobody },
  );
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk));
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => {
      chmodSync(folder, 0o700);
      done({ code, ...output });
    });
  });
}

describe('in a folder that may not be read, which may have a configuration that protects databases', () => {
  const warning = `warning: ${folder} cannot be read, and may have a configuration; going on without it.\n`;

  test('sessions are listed, with a warning', async () => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    const shown = await runThere('sessions', database);
    expect(shown).toMatchObject({ code: 0, stderr: warning });
    expect(shown.stdout).toContain(String(session.pid));
    const { stdout } = await runThere('sessions', database, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ database, sessions: [{ pid: session.pid }] });
    expect(await runThere('sessions', database, '--quiet')).toEqual({ code: 0, stdout: '', stderr: '' });
    await session.close();
  });

  test('doctor looks, with a warning, and repairs nothing', async () => {
    const database = await scratch.database();
    const looked = await runThere('doctor', database);
    expect(looked.stderr).toBe(warning);
    expect(looked.stdout).toContain(database);
    expect((await runThere('doctor', database, '--fix', '--dry-run')).stderr).toBe(warning);
    const { code, stderr } = await runThere('doctor', database, '--fix');
    expect(code).toBe(2);
    expect(stderr).toContain(`${folder} cannot be read (EACCES), and may have a configuration.`);
  });

  test.each([
    'terminate <database>',
    'terminate <database> --dry-run',
    'drop <database> --yes',
    'recreate <database> --yes',
    'clone <database> to',
    'run <database> -- true',
    'unprotect <database> --yes',
    'sweep',
  ])('a command that would terminate sessions or change anything is refused: %s', async (words) => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    const { code, stdout, stderr } = await runThere(...words.replace('<database>', database).split(' '));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`${folder} cannot be read (EACCES), and may have a configuration.`);
    expect(stderr).toContain('hint: Run this in a folder that this user may read');
    await session.client.query('SELECT FROM marker');
    await session.close();
  });
});
