import { loadConfig } from '@pg-evict/config';

/** The configuration of pg-evict, and the folder from which it is found. */
export interface ConfigurationFolder {
  /** The file; the folder if there is none. */
  readonly configuration: string;
  readonly directory: string;
}

/**
 * The configuration of a project, from the first folder that leads to one; if none does, the last folder stands for it.
 */
export async function configurationFolder(folders: readonly string[]): Promise<ConfigurationFolder> {
  for (const directory of folders) {
    // An error in one is reported by the run that is begun with it.
    const found = await loadConfig({ cwd: directory }).then(
      ({ filepath }) => filepath,
      () => directory,
    );
    if (found !== null) return { configuration: found, directory };
  }
  const last = folders.at(-1) ?? process.cwd();
  return { configuration: last, directory: last };
}
