import { dirname } from 'node:path';
import { loadConfig } from '@pg-evict/config';
import type { TestProject } from 'vitest/node';

/** The configuration of pg-evict, and the folder from which it is found. */
export interface ConfigurationFolder {
  /** The file; the folder if there is none. */
  readonly configuration: string;
  readonly directory: string;
}

/**
 * The configuration of pg-evict for a project. The search starts in the folder of its configuration of Vitest, which
 * need not be its `root`, and then in that.
 */
export async function configurationFolder({ config, vite }: TestProject): Promise<ConfigurationFolder> {
  const { configFile } = vite.config;
  const folders = [...(typeof configFile === 'string' ? [dirname(configFile)] : []), config.root];
  for (const directory of folders) {
    // An error in one is reported by the run that is begun with it.
    const found = await loadConfig({ cwd: directory }).then(
      ({ filepath }) => filepath,
      () => directory,
    );
    if (found !== null) return { configuration: found, directory };
  }
  return { configuration: config.root, directory: config.root };
}
