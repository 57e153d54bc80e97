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
import type { JestInstallation } from './jest-installation.js';

/** What a run of Jest came to. */
export interface JestRun {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  /** By file name: how it ended, and what its own failure says. */
  readonly files: Readonly<Record<string, { readonly status: string; readonly message: string }>>;
  readonly passed: number;
  readonly failed: number;
}

interface JestJson {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
  }[];
}

/** How Jest is run. */
export interface RunOptions {
  readonly parameters?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Called once it runs. */
  readonly meanwhile?: (child: ChildProcess) => Promise<void>;
}

/** Parameters that have two workers, also where Jest would do without. */
export const withWorkers = ['--maxWorkers=2'];

/** Parameters that have all tests in Jest's own process. */
export const inBand = ['--runInBand'];

/** A project in a folder of its own, whose tests real Jest runs. */
export class JestProject {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'pg-evict-project-')));
  readonly #installation: JestInstallation;

  /**
   * @param name a folder of test/jest/projects
   * @param files what else it has, or has otherwise
   */
  constructor(installation: JestInstallation, name: string, files: Readonly<Record<string, string>> = {}) {
    this.#installation = installation;
    cpSync(resolve(__dirname, '../../jest/projects', name), this.directory, { recursive: true });
    symlinkSync(installation.modules, join(this.directory, 'node_modules'), 'junction');
    for (const [file, text] of Object.entries(files)) this.write(file, text);
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.directory, file)), { recursive: true });
    writeFileSync(join(this.directory, file), text);
  }

  /** Runs Jest until it has ended by itself, or was ended by `meanwhile`. */
  async run({ parameters = withWorkers, env = {}, meanwhile }: RunOptions = {}): Promise<JestRun> {
    const output = join(this.directory, 'output.json');
    rmSync(output, { force: true });
    const child = spawn(
      process.execPath,
      [this.#installation.command, '--json', `--outputFile=${output}`, ...parameters],
      {
        cwd: this.directory,
        env: {
          ...clean(process.env),
          // Where CI is set, Jest's code frames are coloured.
          NO_COLOR: '1',
          DATABASE_URL: serverUrl({ database: 'app_test' }),
          ...env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        // A group of its own, as in a terminal, so that a signal can be sent to all of it.
        detached: true,
      },
    );
    let stderr = '';
    child.stdout.resume();
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const kill = (): void => {
      if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL');
    };
    const timer = setTimeout(kill, 50_000);
    const ended = new Promise<[number | null, string | null]>((done) =>
      child.once('close', (...outcome: [number | null, string | null]) => done(outcome)),
    );
    try {
      await meanwhile?.(child);
    } catch (error) {
      kill();
      throw error;
    } finally {
      await ended;
      clearTimeout(timer);
    }
    const [code, signal] = await ended;
    return { code, signal, stderr, ...resultsOf(output) };
  }

  read(file: string): string {
    return readFileSync(join(this.directory, file), 'utf8');
  }

  /** The lines that have been written to a file so far, whole ones only. */
  lines(file: string): string[] {
    return this.exists(file) ? this.read(file).split('\n').slice(0, -1) : [];
  }

  exists(file: string): boolean {
    return existsSync(resolve(this.directory, file));
  }

  /** Runs Jest in watch mode, where `press` presses a key until something has come of it; then quits. Returns what it said. */
  async watch(
    env: NodeJS.ProcessEnv,
    use: (press: (key: string, until: () => boolean) => Promise<void>) => Promise<void>,
  ): Promise<string> {
    // It listens to a terminal only.
    const command = [process.execPath, this.#installation.command, '--watchAll'].join(' ');
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: this.directory,
      env: { ...clean(process.env), CI: '', TERM: 'xterm', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise((done) => child.once('close', done));
    const press = async (key: string, isDone: () => boolean): Promise<void> => {
      for (let tries = 0; !isDone(); tries += 1) {
        if (tries === 200) throw new Error(`pressed "${key}" in vain`);
        // While it runs tests, as it may do by itself when a file has changed, any key interrupts them.
        if (tries % 25 === 0) child.stdin.write(key);
        await new Promise((resolve_) => setTimeout(resolve_, 200));
      }
    };
    try {
      await use(press);
      await press('q', () => child.exitCode !== null || child.signalCode !== null);
      await ended;
      return output;
    } finally {
      if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL');
      await ended;
    }
  }

  /** Removes a file, or all of it. */
  remove(file = ''): void {
    rmSync(join(this.directory, file), { recursive: true, force: true });
  }
}

/** Nothing of the Jest and the pnpm that run these tests, and nothing that says which server is meant. */
function clean(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign =
    /^(?:PG[A-Z]+|DATABASE_URL|JEST_.*|NODE_ENV|NODE_OPTIONS|NODE_PATH|FORCE_COLOR|PG_EVICT_JEST_RUNS)$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign.test(name)));
}

function resultsOf(output: string): Pick<JestRun, 'files' | 'passed' | 'failed'> {
  let json: JestJson;
  try {
    json = JSON.parse(readFileSync(output, 'utf8')) as JestJson;
  } catch {
    return { files: {}, passed: 0, failed: 0 };
  }
  const files = json.testResults.map(
    ({ name, status, message }) => [basename(name), { status, message }] as const,
  );
  return {
    files: Object.fromEntries(files),
    passed: json.numPassedTests,
    failed: json.numFailedTests,
  };
}
