import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { configurationFolder } from '@pg-evict/testing/internal';
import { configurationFileOf, configurationFiles } from './jest-configuration.js';

/** The first argument that Jest passes to a global setup. */
export interface GlobalConfig {
  readonly rootDir: string;
  /** Folders, or configuration files in them. */
  readonly projects?: readonly unknown[] | undefined;
  readonly watch?: boolean | undefined;
  readonly watchAll?: boolean | undefined;
}

/** The second argument that Jest passes to a global setup: the project whose test comes first. */
export interface ProjectConfig {
  readonly rootDir: string;
  /** Derived from `rootDir`, the path of its configuration file, and its index. */
  readonly id?: string | undefined;
  /** The path of its module. */
  readonly testEnvironment?: string | undefined;
}

/** Projects that share a configuration, and so a run. */
export interface ProjectGroup {
  /** The directory where the search for the configuration starts. */
  readonly directory: string;
  /** All projects. */
  readonly directories: readonly string[];
}

/**
 * The projects of a run of Jest, by configuration of pg-evict; the first is the one that Jest names. The search starts
 * in the folder of the project's configuration of Jest, which need not be below its `rootDir`, and then in that.
 */
export async function groupProjects(
  { projects = [] }: GlobalConfig,
  project: ProjectConfig,
): Promise<ProjectGroup[]> {
  const { rootDir } = project;
  const files = configurationFiles(projects);
  const own = configurationFileOf(project, files);
  const named = projects.flatMap((one) => (typeof one === 'string' ? [resolve(one)] : []));
  // The keys by which a project is found again, each with the folders to look in.
  const known = new Map<string, readonly string[]>([
    [own ?? rootDir, own === undefined ? [rootDir] : [dirname(own), rootDir]],
    ...(named.length > 0 ? files.filter((file) => isOf(file, named)) : []).map(
      (file) => [file, [dirname(file)]] as const,
    ),
    ...named.map((place) => [folderOf(place), [folderOf(place)]] as const),
  ]);
  if (named.length === 0) known.set(rootDir, known.get(own ?? rootDir) ?? [rootDir]);
  const groups = new Map<string, { directory: string; directories: string[] }>();
  for (const [key, folders] of known) {
    const { configuration, directory } = await configurationFolder(folders);
    const group = groups.get(configuration) ?? { directory, directories: [] };
    group.directories.push(key);
    groups.set(configuration, group);
  }
  return [...groups.values()];
}

function isOf(file: string, places: readonly string[]): boolean {
  return places.some((place) => file === place || dirname(file) === place);
}

function folderOf(project: string): string {
  try {
    return statSync(project).isDirectory() ? project : dirname(project);
  } catch {
    return project;
  }
}
