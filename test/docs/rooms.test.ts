import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { findCircle, readSources, type SourceFile } from '../support/docs/imports.js';

const root = resolve(__dirname, '../..');

/** What another file of the package may import although it lies above: it must lie at the root of the build. */
const atTheRoot = ['core', 'jest', 'server', 'testing', 'vitest'].map(
  (name) => `${name}/package-directory.cts`,
);

interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, unknown>>;
}

/** The packages and their rooms, from the bottom to the top, as ARCHITECTURE.md has them. */
function readRooms(): Map<string, string[]> {
  const [, section = ''] = readFileSync(resolve(root, 'ARCHITECTURE.md'), 'utf8').split(/^## Rooms$/m);
  const [text = ''] = section.split(/^## /m);
  const packages = text.split(/^### packages\//m).slice(1);
  return new Map(
    packages.map((part) => {
      const [, name = ''] = /^([\w-]+)$/m.exec(part) ?? [];
      return [name, [...part.matchAll(/^- `([\w-]+)\/`: /gm)].map(([, room = '']) => room)];
    }),
  );
}

const rooms = readRooms();
const names = [...rooms.keys()];
const manifests = new Map(
  names.map((name) => [
    name,
    JSON.parse(readFileSync(resolve(root, 'packages', name, 'package.json'), 'utf8')) as Manifest,
  ]),
);
const sourceOf = (name: string): string => resolve(root, 'packages', name, 'src');
const sources = new Map(names.map((name) => [name, readSources(sourceOf(name))]));
const filesOf = (name: string): readonly SourceFile[] => sources.get(name) ?? [];

test('ARCHITECTURE.md has every package, and each only once', () => {
  expect(names.toSorted()).toEqual(readdirSync(resolve(root, 'packages')).toSorted());
});

describe.each(names)('packages/%s', (name) => {
  const order = rooms.get(name) ?? [];
  const roomOf = (path: string): string | undefined => (path.includes('/') ? path.split('/')[0] : undefined);
  /** Files of src/ itself, which nothing of a room may import, are on top. */
  const heightOf = (path: string): number => {
    const room = roomOf(path);
    return room === undefined ? order.length : order.indexOf(room);
  };

  test('has the rooms that ARCHITECTURE.md says, and no others', () => {
    const folders = readdirSync(sourceOf(name), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    expect(folders.map((folder) => folder.name).toSorted()).toEqual(order.toSorted());
    expect(filesOf(name).length).toBeGreaterThan(order.length);
  });

  test('its imports run from later rooms to earlier ones', () => {
    const upwards = filesOf(name).flatMap(({ path, own }) =>
      own
        .filter((other) => heightOf(other) > heightOf(path) && !atTheRoot.includes(`${name}/${other}`))
        .map((other) => `${path} → ${other}`),
    );
    expect(upwards).toEqual([]);
  });

  test('no file imports itself by way of others', () => {
    expect(findCircle(filesOf(name))).toBeUndefined();
  });

  test('imports no file that is not there, or that is outside of its sources', () => {
    const lost = filesOf(name).flatMap(({ path, unresolved }) =>
      unresolved.map((specifier) => `${path} → ${specifier}`),
    );
    expect(lost).toEqual([]);
  });

  test('imports of other packages of ours what they export, and of none above it', () => {
    const below = names.slice(0, names.indexOf(name));
    const entriesOf = (other: string): string[] => {
      const manifest = manifests.get(other);
      return Object.keys(manifest?.exports ?? {}).map((entry) => `${manifest?.name ?? ''}${entry.slice(1)}`);
    };
    const exported = new Set(below.flatMap((other) => entriesOf(other)));
    const isOurs = (specifier: string): boolean =>
      names.some((other) => {
        const ours = manifests.get(other)?.name ?? '';
        return specifier === ours || specifier.startsWith(`${ours}/`);
      });
    const refused = filesOf(name).flatMap(({ path, packages }) =>
      packages
        .filter((specifier) => isOurs(specifier) && !exported.has(specifier))
        .map((specifier) => `${path} → ${specifier}`),
    );
    expect(refused).toEqual([]);
  });
});

test.each(atTheRoot)('the exception packages/%s exists, and a room imports it', (file) => {
  const [name = '', path = ''] = file.split(/\/(.*)/);
  expect(existsSync(resolve(sourceOf(name), path))).toBe(true);
  expect(filesOf(name).filter((other) => other.path.includes('/') && other.own.includes(path))).not.toEqual(
    [],
  );
});
