const scripts = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'];
const data = ['json', 'yaml', 'yml'];

/** Where a configuration is looked for in each folder; the first one counts. */
export const configNames: readonly string[] = [
  'package.json',
  ...[...scripts, ...data].map((extension) => `pg-evict.config.${extension}`),
  '.pg-evictrc',
  ...[...data, ...scripts].map((extension) => `.pg-evictrc.${extension}`),
];

/** The key in package.json. */
export const packageKey = 'pg-evict';
