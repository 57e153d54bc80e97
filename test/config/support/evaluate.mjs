// Runs functions of @pg-evict/config in the current folder: `node evaluate.mjs '[["loadConfig", {…}], …]'`. COMMONJS=1
// takes the CommonJS build. Prints a JSON list of what came out.
import { createRequire } from 'node:module';

const config = process.env.COMMONJS
  ? createRequire(import.meta.url)('@pg-evict/config')
  : await import('@pg-evict/config');
const results = [];
for (const [name, options] of JSON.parse(process.argv[2])) {
  try {
    results.push({ value: await config[name](options) });
  } catch (error) {
    results.push({ error: { code: error.code, message: error.message } });
  }
}
process.stdout.write(JSON.stringify(results));
