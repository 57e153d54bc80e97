import { access, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { findKnexfile } from '../search/find-knexfile.js';
import { type ComposeService, readComposeService } from './read-compose-service.js';

/** A test runner, and the package that gives its tests databases. */
export interface TestRunner {
  readonly name: 'Jest' | 'Vitest' | 'Mocha' | 'node:test';
  readonly package: string;
}

/** Files and dependencies of a project that a configuration may refer to. Holds no password. */
export interface ProjectFindings {
  readonly isTypeScript: boolean;
  readonly isEsm: boolean;
  /** Whether `@pg-evict/config` can be imported from there. */
  readonly hasDefineConfig: boolean;
  readonly hasDotenv: boolean;
  readonly runners: readonly TestRunner[];
  /** Relative to the folder, with `./`. */
  readonly knexfile: string | undefined;
  /** The file that sets `DATABASE_URL`: `.env`. Not if the knexfile loads it itself, or does not use the variable. */
  readonly envFile: string | undefined;
  readonly compose: ComposeService | undefined;
}

/** Looks at the project in a folder; runs none of its code. */
export async function inspectProject(cwd: string): Promise<ProjectFindings> {
  const manifest = await readManifest(join(cwd, 'package.json'));
  const dependencies = allDependencies(manifest);
  const knexfile = await findKnexfile(cwd);
  return {
    isTypeScript: 'typescript' in dependencies || (await exists(join(cwd, 'tsconfig.json'))),
    isEsm: manifest.type === 'module',
    hasDefineConfig: canResolve(cwd, '@pg-evict/config'),
    hasDotenv: 'dotenv' in dependencies,
    runners: findRunners(manifest),
    knexfile: knexfile && toRelative(cwd, knexfile),
    envFile:
      knexfile === undefined || (await needsDatabaseUrl(knexfile)) ? await findEnvFile(cwd) : undefined,
    compose: await readComposeService(cwd),
  };
}

interface Manifest {
  readonly type?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

async function readManifest(file: string): Promise<Manifest> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Manifest;
  } catch {
    return {};
  }
}

const allDependencies = ({ dependencies, devDependencies }: Manifest): Readonly<Record<string, string>> => ({
  ...dependencies,
  ...devDependencies,
});

/** Node's own runner is no dependency; a script starts it. */
function findRunners(manifest: Manifest): TestRunner[] {
  const dependencies = allDependencies(manifest);
  const scripts = Object.values(manifest.scripts ?? {});
  const found: readonly (TestRunner & { isUsed: boolean })[] = [
    { name: 'Jest', package: '@pg-evict/jest', isUsed: 'jest' in dependencies || 'jest' in manifest },
    { name: 'Vitest', package: '@pg-evict/vitest', isUsed: 'vitest' in dependencies },
    { name: 'Mocha', package: '@pg-evict/testing', isUsed: 'mocha' in dependencies },
    {
      name: 'node:test',
      package: '@pg-evict/testing',
      isUsed: scripts.some((script) => /\bnode\b.* --test(?![\w-])/.test(script)),
    },
  ];
  return found.filter(({ isUsed }) => isUsed);
}

async function findEnvFile(cwd: string): Promise<string | undefined> {
  for (const name of ['.env', '.env.local', '.env.development']) {
    const text = await readFile(join(cwd, name), 'utf8').catch(() => '');
    if (/^[ \t]*(?:export[ \t]+)?DATABASE_URL[ \t]*=/m.test(text)) return name;
  }
  return undefined;
}

/** Judged by the text, because none of the project's code is run. */
async function needsDatabaseUrl(knexfile: string): Promise<boolean> {
  const text = await readFile(knexfile, 'utf8').catch(() => '');
  return text.includes('DATABASE_URL') && !/dotenv|loadEnvFile/.test(text);
}

function canResolve(cwd: string, name: string): boolean {
  try {
    createRequire(join(cwd, 'package.json')).resolve(name);
    return true;
  } catch {
    return false;
  }
}

function toRelative(cwd: string, file: string): string {
  const folder = relative(cwd, dirname(file)).replaceAll('\\', '/');
  return folder.startsWith('..') ? `${folder}/${basename(file)}` : `./${basename(file)}`;
}

const exists = async (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
