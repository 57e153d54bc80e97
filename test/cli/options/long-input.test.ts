import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scratch } from '../../support/scratch.js';
import { serverUrl } from '../../support/server.js';
import { runCli } from '../../support/cli/run-cli.js';

const scratch = new Scratch();
const directory = mkdtempSync(join(tmpdir(), 'pg-evict-long-'));
afterAll(async () => {
  await scratch.cleanUp();
  rmSync(directory, { recursive: true });
});

/** The longest argument that Linux takes is 128 kB. Whatever takes its square takes minutes. */
const long = (piece: string): string => piece.repeat(Math.floor(120_000 / piece.length));

test('input may be long', async () => {
  const words = ['a', 'a-', '--a', '://', 'password ', `"`].map(long);
  const closed = ['--host', '127.0.0.1', '--port', '1'];
  for (const word of words) {
    const results = await Promise.all(
      [
        [word, ...closed],
        ['drop', `--${word}`],
      ].map(async (args) => runCli(args)),
    );
    expect(results.map(({ code }) => code).filter((code) => code !== 2 && code !== 6 && code !== 3)).toEqual(
      [],
    );
    // An error repeats no more of it than can be read.
    for (const { stderr } of results) expect(stderr.length).toBeLessThan(25_000);
  }
});

test('a file that is read may be long', async () => {
  const write = (name: string, content: string): string => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  const pieces = (piece: string): string => piece.repeat(1_000_000 / piece.length);
  const results = await Promise.all([
    ...[
      write('tag.yaml', `connection: !<${pieces('<')}> x\n`),
      write('throws.cjs', `throw new Error('a://'.repeat(250_000));`),
      write('open.json', `{ "connection": "${pieces('{"')}`),
    ].map(async (config) => runCli(['sessions', 'x', '--config', config])),
    (write('.env', pieces('\n')), runCli(['init', '--dry-run'], {}, directory)),
  ]);
  expect(results.map(({ code }) => code)).toEqual([2, 2, 2, 0]);
  const service = { image: 'postgres', environment: { POSTGRES_DB: pieces('${a:-') } };
  write('compose.yaml', JSON.stringify({ services: { db: service } }));
  expect((await runCli(['init', '--dry-run'], {}, directory)).code).toBe(0);
});

test('a message of the server may be long, and is shown as far as it is readable', async () => {
  const database = await scratch.database();
  const dump = join(directory, 'dump.sql');
  writeFileSync(
    dump,
    `--\n-- PostgreSQL database dump\n--\nDO $$ BEGIN RAISE '%', repeat('x', 30000000); END $$;\n--\n-- PostgreSQL database dump complete\n--\n`,
  );
  const result = await runCli(['restore', database, dump, '-y'], { DATABASE_URL: serverUrl({ database }) });
  expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('xxx') as string });
  expect(result.stderr.length).toBeLessThan(25_000);
});
