// Writes what follows from the schema in src/schema: the types of a configuration file (src/config.ts), the JSON schema
// (schema.json) and the tables of docs/configuration.md. `--check` writes nothing and fails where something is stale.
import { readFile, writeFile } from 'node:fs/promises';
import { toJsonSchema } from '@valibot/to-json-schema';
import { configSchema } from '../dist/esm/schema/config-schema.js';
import { toInterfaces } from './to-interfaces.mjs';
import { toTables } from './to-tables.mjs';

const draft = 'http://json-schema.org/draft-07/schema#';
// Functions have no JSON type: the converter calls that an error, and leaves them to us as metadata.
const annotated = toJsonSchema(configSchema, { typeMode: 'input', target: 'draft-07', errorMode: 'ignore' });

/** What JSON can hold: no functions, nothing for our own use. */
function toPublished(node) {
  if (Array.isArray(node)) return node.filter((item) => item?.functionType === undefined).map(toPublished);
  if (typeof node !== 'object' || node === null) return node;
  const { byDefault, functionType: _, required, ...rest } = node;
  const entries = Object.entries(rest)
    .filter(([, value]) => value?.functionType === undefined)
    .map(([key, value]) => [key, toPublished(value)]);
  const published = Object.fromEntries(entries);
  if (published.anyOf?.length === 1) Object.assign(published, published.anyOf[0], { anyOf: undefined });
  return {
    ...published,
    ...(required?.length > 0 ? { required } : {}),
    ...(byDefault === undefined ? {} : { description: `${node.description} Default: ${byDefault}.` }),
  };
}

const docs = new URL('../../../docs/configuration.md', import.meta.url);
const marks = ['<!-- generated from the schema -->', '<!-- end of what is generated -->'];
const page = await readFile(docs, 'utf8');
const before = page.slice(0, page.indexOf(marks[0]));
const after = page.slice(page.indexOf(marks[1]) + marks[1].length);

const files = [
  [new URL('../src/schema/config.ts', import.meta.url), toInterfaces(annotated)],
  [
    new URL('../schema.json', import.meta.url),
    `${JSON.stringify({ ...toPublished(annotated), $schema: draft }, null, 2)}\n`,
  ],
  [docs, `${before}${marks[0]}\n\n${toTables(annotated)}\n\n${marks[1]}${after}`],
];

/** The formatter breaks lines as it likes; words and signs are what counts. */
const essence = (text) => text.replaceAll(/[\s,;()|-]+/g, '');
for (const [file, text] of files) {
  const current = await readFile(file, 'utf8').catch(() => '');
  if (essence(current) === essence(text)) continue;
  if (process.argv.includes('--check')) {
    process.stderr.write(`${file.pathname} is stale: pnpm --filter @pg-evict/config generate\n`);
    process.exitCode = 1;
  } else {
    await writeFile(file, text);
    process.stdout.write(`${file.pathname}\n`);
  }
}
