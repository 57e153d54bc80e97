import { pathToFileURL } from 'node:url';
import { errorSummary } from './load-error.js';
import { nativeImport } from './native-import.cjs';

/**
 * Loads the default export of a module, CommonJS or ESM, JavaScript or TypeScript: with Node itself if it can, else
 * with jiti, which needs no TypeScript. Writes no file. Node loads a module once per process; later changes of the file
 * are not seen.
 */
export async function loadModule(file: string): Promise<unknown> {
  return defaultExport(await loadNamespace(file));
}

/**
 * Loads a file of migrations or seeds as knex does, but also in TypeScript: the exports of a CommonJS module, the
 * namespace of an ES module. Loaded the way {@link loadModule} does it.
 *
 * @param file an absolute path
 */
export async function loadMigrationFile(file: string): Promise<unknown> {
  const namespace = await loadNamespace(file);
  const exported = defaultExport(namespace);
  // import() returns the exports of a CommonJS module as its default.
  return isObject(exported) && ('up' in exported || 'seed' in exported) ? exported : namespace;
}

async function loadNamespace(file: string): Promise<unknown> {
  try {
    return await nativeImport(pathToFileURL(file).href);
  } catch (error) {
    if (!isForJiti(error, file)) throw error;
    return loadWithJiti(file);
  }
}

async function loadWithJiti(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  // Its cache would be a folder in node_modules.
  const jiti = createJiti(pathToFileURL(file).href, {
    fsCache: false,
    interopDefault: false,
    tsconfigPaths: true,
  });
  try {
    return await jiti.import(file);
  } catch (error) {
    if (!hasCode(error, withoutImport)) throw error;
    // jiti, too, uses import() for the packages that a file needs.
    // oxlint-disable-next-line no-deprecated -- the one way that needs no import()
    return jiti(file) as unknown;
  }
}

/** Inside a vm context, as Jest's, there is no import(). */
const withoutImport = new Set([
  'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING',
  'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING_FLAG',
]);

/** Node's errors for a module that it cannot read because of its syntax or kind, as opposed to errors of its code. */
const unreadable = new Set([
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  // `import './x'` and `import './x.js'` of a x.ts, as TypeScript allows.
  'ERR_MODULE_NOT_FOUND',
  'MODULE_NOT_FOUND',
  'ERR_REQUIRE_ESM',
  ...withoutImport,
]);

const hasCode = (error: unknown, codes: ReadonlySet<string>): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && codes.has(String(error.code));

function isForJiti(error: unknown, file: string): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if (hasCode(error, unreadable)) return true;
  // A TypeScript file of the other module kind: `require` in an ES module, `import` in CommonJS, an enum.
  const name = 'name' in error ? error.name : undefined;
  if (name === 'SyntaxError') return true;
  return (
    /\.[cm]?ts$/.test(file) && name === 'ReferenceError' && /in ES module scope/.test(errorSummary(error))
  );
}

/** `export default`, `module.exports`, and a compiler's translation of the one to the other. */
function defaultExport(loaded: unknown): unknown {
  if (!isObject(loaded)) return loaded;
  const exported = 'default' in loaded ? loaded['default'] : loaded;
  return isObject(exported) && exported['__esModule'] === true && 'default' in exported
    ? exported['default']
    : exported;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
