import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const names = ['js', 'ts', 'mjs', 'cjs', 'mts', 'cts', 'json'].map((kind) => `jest.config.${kind}`);

/**
 * The files that may be a project's configuration of Jest, which does not expose the path: those that its command line
 * and `projects` name, and the nearest one.
 *
 * @param projects of Jest's global configuration: folders, files, or configurations themselves
 * @param parameters of Jest's command line
 */
export function configurationFiles(
  projects: readonly unknown[],
  parameters: readonly string[] = process.argv.slice(2),
  cwd = process.cwd(),
): string[] {
  const named = parameters.flatMap((parameter, index) => {
    const [, , inline] = /^(--config|-c)=(.*)$/s.exec(parameter) ?? [];
    const value = inline ?? (/^(?:--config|-c)$/.test(parameter) ? parameters[index + 1] : undefined);
    return value === undefined ? [] : [resolve(cwd, value)];
  });
  const ofProjects = projects.flatMap((project) =>
    typeof project === 'string' ? [resolve(cwd, project)] : [],
  );
  const found = [...named, ...ofProjects, nearest(cwd)].flatMap((place) =>
    place === undefined ? [] : filesAt(place),
  );
  return [...new Set(found)];
}

/**
 * The configuration of a project, of those given: Jest derives its id from rootDir, that path and the index of the
 * project (`normalizeMissingOptions()`, packages/jest-config/src/normalize.ts, Jest 29 and 30).
 */
export function configurationFileOf(
  { id, rootDir }: { readonly id?: string | undefined; readonly rootDir: string },
  files: readonly string[],
): string | undefined {
  const indexes = [Number.POSITIVE_INFINITY, ...files.keys()];
  return files.find((file) =>
    indexes.some((index) => {
      const hash = createHash('sha1').update(rootDir).update(file).update(String(index));
      return hash.digest('hex').slice(0, 32) === id;
    }),
  );
}

function nearest(folder: string): string | undefined {
  if (filesAt(folder).length > 0) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : nearest(above);
}

/** A file, or those that a folder has. */
function filesAt(place: string): string[] {
  const found = statSync(place, { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (!found.isDirectory()) return [place];
  return [...names, 'package.json'].map((name) => join(place, name)).filter((file) => existsSync(file));
}
