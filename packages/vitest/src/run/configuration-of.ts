import { dirname } from 'node:path';
import { configurationFolder, type ConfigurationFolder } from '@pg-evict/testing/internal';
import type { TestProject } from 'vitest/node';

/**
 * The configuration of pg-evict for a project. The search starts in the folder of its configuration of Vitest, which
 * need not be its `root`, and then in that.
 */
export async function configurationOf({ config, vite }: TestProject): Promise<ConfigurationFolder> {
  const { configFile } = vite.config;
  return configurationFolder([...(typeof configFile === 'string' ? [dirname(configFile)] : []), config.root]);
}
