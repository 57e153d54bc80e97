import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { importsOf } from '../support/docs/imports.js';

const packages = resolve(__dirname, '../../packages');

interface Manifest {
  readonly exports?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const manifestOf = (name: string): Manifest =>
  JSON.parse(readFileSync(resolve(packages, name, 'package.json'), 'utf8')) as Manifest;

/** The declaration files that the exports of a package name, apart from what only siblings may use. */
function* declarations(exports: unknown, entry = '.'): Generator<string> {
  if (typeof exports === 'string') {
    if (/\.d\.[cm]?ts$/.test(exports) && !entry.includes('internal')) yield exports;
    return;
  }
  if (typeof exports !== 'object' || exports === null) return;
  for (const [key, value] of Object.entries(exports)) {
    yield* declarations(value, key.startsWith('.') ? key : entry);
  }
}

/** The packages whose types the declaration files reach, with the file that names them. */
function reachedFrom(entries: readonly string[]): Map<string, string> {
  const reached = new Map<string, string>();
  const seen = new Set(entries);
  for (const file of seen) {
    for (const specifier of importsOf(readFileSync(file, 'utf8'))) {
      if (specifier.startsWith('.')) {
        seen.add(resolve(dirname(file), specifier.replace(/\.([cm]?)js$/, '.d.$1ts')));
      } else if (!specifier.startsWith('node:')) {
        reached.set(specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'), file);
      }
    }
  }
  return reached;
}

/** Whether an installed package brings its own types; those of the workspace do. */
function bringsTypes(dependency: string, from: string): boolean {
  if (dependency.startsWith('@pg-evict/')) return true;
  const installed = resolve(packages, from, 'node_modules', dependency, 'package.json');
  return existsSync(installed) && /"(types|typings)":/.test(readFileSync(installed, 'utf8'));
}

// The command has no entry for code.
test.each(readdirSync(packages).filter((name) => name !== 'cli'))(
  'the public types of packages/%s need nothing that its install does not bring',
  (name) => {
    const { exports, dependencies = {}, peerDependencies = {} } = manifestOf(name);
    const entries = [...declarations(exports)].map((path) => resolve(packages, name, path));
    expect(entries).not.toEqual([]);
    const missing = [...reachedFrom(entries)].filter(
      ([dependency]) =>
        !(dependency in { ...dependencies, ...peerDependencies }) || !bringsTypes(dependency, name),
    );
    expect(missing).toEqual([]);
  },
);
