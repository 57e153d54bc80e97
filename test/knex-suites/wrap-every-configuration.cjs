// Loaded before knex's tests: from then on whoever makes a knex instance makes it of a wrapped configuration.
const { createRequire } = require('node:module');
const path = require('node:path');

const { withPgEvict } = require(process.env.PG_EVICT_KNEX_PLUGIN);
const fromSource = createRequire(path.join(process.cwd(), 'package.json'));
const file = fromSource.resolve('./lib/index.js');
const knex = fromSource(file);

// The plugin itself makes an instance, to see which client knex would take.
let isPlugin = false;

function wrapped(config) {
  if (isPlugin || typeof config !== 'object' || config === null) return config;
  isPlugin = true;
  try {
    return withPgEvict(config);
  } finally {
    isPlugin = false;
  }
}

require.cache[file].exports = new Proxy(knex, {
  apply: (target, self, [config, ...others]) => Reflect.apply(target, self, [wrapped(config), ...others]),
});
