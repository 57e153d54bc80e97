import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const evaluator = join(__dirname, 'fixtures/evaluate.mjs');
const configPackage = resolve(__dirname, '../../../packages/config');
const projects: string[] = [];

afterAll(() => {
  for (const project of projects) rmSync(project, { recursive: true });
});

export interface Outcome {
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface Project {
  readonly folder: string;
  path(file: string): string;
  /** Everything in it but what it was made with, node_modules included. */
  newFiles(): string[];
  /** Runs functions of @pg-evict/config in a process of its own, with this as its folder. */
  evaluate(calls: readonly [string, (object | string)?][], options?: EvaluateOptions): Promise<Outcome[]>;
}

interface EvaluateOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly commonJs?: boolean;
  readonly cwd?: string;
}

/** A project in a temporary folder, that has @pg-evict/config installed. */
export function createProject(files: Readonly<Record<string, string | object>>): Project {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pg-evict-project-')));
  projects.push(folder);
  for (const [name, content] of Object.entries({ 'package.json': {}, ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  mkdirSync(join(folder, 'node_modules/@pg-evict'), { recursive: true });
  symlinkSync(configPackage, join(folder, 'node_modules/@pg-evict/config'), 'junction');
  const list = (): string[] => readdirSync(folder, { recursive: true }).map(String);
  const before = new Set(list());
  return {
    folder,
    path: (file) => join(folder, file),
    newFiles: () => list().filter((file) => !before.has(file)),
    async evaluate(calls, { env = {}, commonJs = false, cwd = '.' } = {}) {
      const { stdout } = await promisify(execFile)(process.execPath, [evaluator, JSON.stringify(calls)], {
        cwd: join(folder, cwd),
        env: { PATH: process.env['PATH'], HOME: folder, ...(commonJs ? { COMMONJS: '1' } : {}), ...env },
      });
      return JSON.parse(stdout) as Outcome[];
    },
  };
}
