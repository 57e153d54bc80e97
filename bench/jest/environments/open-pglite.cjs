const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');

/** Opens a PGlite in memory with the content of the template, which the bench has put beside the project. */
exports.openPglite = async ({ projectConfig: { rootDir } }) => {
  const { PGlite } = createRequire(`${rootDir}/package.json`)('@electric-sql/pglite');
  return PGlite.create({ loadDataDir: new Blob([readFileSync(`${rootDir}/../pglite.tar`)]) });
};
