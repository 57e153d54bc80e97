import { spawn, type ChildProcess } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
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
import type { JestInstallation } from './jest-installation.js';

/** What a run of Jest came to. */
export interface JestRun extends RunnerEnd, RunnerResults {
  readonly stderr: string;
}

/** How Jest is run. */
export interface RunOptions {
  readonly parameters?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Whether Babel compiles the project's files, as it does by default: each process then takes a second to load it. */
  readonly compiles?: boolean;
  /** Called once it runs. */
  readonly meanwhile?: (child: ChildProcess) => Promise<void>;
}

/** A key that had no effect is pressed again after these times: longer and longer, as a run of tests has to end. */
const pressedAgainMs = [10_000, 20_000, 40_000, 80_000];

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
  async run({
    parameters = withWorkers,
    env = {},
    compiles = this.#namesTransform,
    meanwhile,
  }: RunOptions = {}): Promise<JestRun> {
    const output = join(this.directory, 'output.json');
    rmSync(output, { force: true });
    const uncompiled = compiles ? [] : ['--transform={}'];
    const own = [`--testTimeout=${ownTestTimeoutMs}`, '--json', `--outputFile=${output}`];
    const child = spawn(
      process.execPath,
      [this.#installation.command, ...own, ...uncompiled, ...parameters],
      {
        cwd: this.directory,
        env: {
          ...withoutRunner(process.env),
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
    const { code, signal } = await untilRunnerEnds(child, meanwhile && (async () => meanwhile(child)));
    return { code, signal, stderr, ...readResults(output) };
  }

  get #namesTransform(): boolean {
    const configurations = readdirSync(this.directory).filter((file) =>
      /^(?:jest\.config\.|package\.json$)/.test(file),
    );
    return configurations.some((file) => /\btransform\b/.test(this.read(file)));
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
    const command = [
      process.execPath,
      this.#installation.command,
      '--watchAll',
      `--testTimeout=${ownTestTimeoutMs}`,
    ].join(' ');
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: this.directory,
      env: { ...withoutRunner(process.env), CI: '', TERM: 'xterm', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise((done) => child.once('close', done));
    const press = async (key: string, isDone: () => boolean): Promise<void> => {
      // While it runs tests, as it may do by itself when a file has changed, any key interrupts them.
      for (const pauseMs of pressedAgainMs) {
        if (isDone()) return;
        child.stdin.write(key);
        for (const endsAt = Date.now() + pauseMs; Date.now() < endsAt;) {
          if (isDone()) return;
          await new Promise((resolve_) => setTimeout(resolve_, 200));
        }
      }
      throw new Error(`pressed "${key}" in vain`);
    };
    try {
      await use(press);
      await press('q', () => child.exitCode !== null || child.signalCode !== null);
      await ended;
      return output;
    } finally {
      if (child.exitCode === null && child.signalCode === null)
        process.kill(-(child.pid ?? Number.NaN), 'SIGKILL');
      await ended;
    }
  }

  /** Removes a file, or all of it. */
  remove(file = ''): void {
    rmSync(join(this.directory, file), { recursive: true, force: true });
  }
}
