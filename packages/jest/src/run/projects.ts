import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { loadConfig } from '@pg-evict/config';

/** What Jest gives a global setup first. */
export interface GlobalConfig {
  readonly rootDir: string;
  /** Folders, or configuration files in them. */
  readonly projects?: readonly unknown[] | undefined;
  readonly watch?: boolean | undefined;
  readonly watchAll?: boolean | undefined;
}

/** What Jest gives a global setup second: the project whose test comes first. */
export interface ProjectConfig {
  readonly rootDir: string;
  /** The path of its module. */
  readonly testEnvironment?: string | undefined;
}

/** Projects that share a configuration, and so a run. */
export interface ProjectGroup {
  /** Where the configuration is looked for from. */
  readonly directory: string;
  /** All projects. */
  readonly directories: readonly string[];
}

/** The projects of a run of Jest, by configuration of pg-evict; the first is the one that Jest names. */
export async function groupProjects(
  { projects = [] }: GlobalConfig,
  { rootDir }: ProjectConfig,
): Promise<ProjectGroup[]> {
  const others = projects.flatMap((project) => (typeof project === 'string' ? [folderOf(project)] : []));
  const groups = new Map<string, string[]>();
  for (const directory of new Set([rootDir, ...others])) {
    const key = await configurationOf(directory);
    groups.set(key, [...(groups.get(key) ?? []), directory]);
  }
  return [...groups.values()].flatMap((directories) => {
    const [directory] = directories;
    return directory === undefined ? [] : [{ directory, directories }];
  });
}

/** The file of the configuration of pg-evict for a project; where it has none, its folder. */
async function configurationOf(directory: string): Promise<string> {
  const { filepath } = await loadConfig({ cwd: directory }).catch(() => ({ filepath: null }));
  return filepath ?? directory;
}

function folderOf(project: string): string {
  try {
    return statSync(project).isDirectory() ? project : dirname(project);
  } catch {
    return project;
  }
}
