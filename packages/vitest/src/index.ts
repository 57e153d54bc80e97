import { resolve } from 'node:path';
import { printedError, readFileSettings } from '@pg-evict/testing/worker';
import type { Plugin } from 'vitest/config' with { 'resolution-mode': 'import' };
import { settingsKey } from './contract/provided.js';
import { withBeginning } from './run/begin-first.js';
import { globalSetupFile, isOurSetup, setupFile } from './run/left-out.js';

/** Settings by which a project overrides the configuration of pg-evict. */
export interface PgEvictOptions {
  /**
   * Gives a fresh database to each test file, or to each test.
   * @default testing.isolation of the configuration
   */
  readonly isolation?: 'file' | 'test' | undefined;
  /**
   * What happens when a test file leaves a session open.
   * @default testing.leaks of the configuration
   */
  readonly leaks?: 'fail' | 'warn' | 'ignore' | undefined;
  /**
   * Whether the database of a test file that failed is kept.
   * @default testing.keepFailed of the configuration
   */
  readonly keepFailed?: boolean | undefined;
}

/** The parts of a configuration that the plugin reads and adds to. */
interface TestOptions {
  globalSetup?: string | string[];
  setupFiles?: string | string[];
  provide?: Record<string, unknown>;
  browser?: { enabled?: boolean };
  server?: { deps?: { inline?: true | (string | RegExp)[] } };
}

/**
 * Vitest's plugin: each test file gets a PostgreSQL database of its own, and the sessions that it leaves open are
 * reported with the line that opened them.
 *
 * ```ts
 * import pgEvict from '@pg-evict/vitest';
 * import { defineConfig } from 'vitest/config';
 *
 * export default defineConfig({ plugins: [pgEvict()] });
 * ```
 *
 * Adds a global setup and a setup file, each before those of the project. `DATABASE_URL` and `PG*` are set before any
 * setup file of the project is evaluated. Projects that do not extend the configuration need the plugin themselves;
 * those in browser mode are left alone. Settings are in the configuration of pg-evict (`testing`).
 *
 * @param options settings by which this project overrides the configuration
 * @throws PgEvictError `CONFIG_INVALID` for an unknown option
 */
export default function pgEvict(options?: PgEvictOptions): Plugin {
  const settings = readOptions(options);
  /** Setup files of the project. */
  const files = new Set<string>();
  return {
    name: 'pg-evict',
    enforce: 'pre',
    config(config) {
      const test: TestOptions = ((config as { test?: TestOptions }).test ??= {});
      if (test.browser?.enabled === true) return;
      test.globalSetup = inFront(globalSetupFile, test.globalSetup);
      test.setupFiles = inFront(setupFile, test.setupFiles);
      if (settings !== undefined) test.provide = { ...test.provide, [settingsKey]: settings };
      inline(test);
    },
    configResolved(config) {
      // Vitest evaluates the configuration once more for the server of a browser.
      if (config.plugins.some(({ name }) => name === 'vitest:browser')) return;
      const { browser, setupFiles = [] } = (config as { test?: TestOptions }).test ?? {};
      if (browser?.enabled === true) return;
      for (const file of [setupFiles].flat()) files.add(resolve(config.root, file));
    },
    configureVitest({ project }) {
      const { config } = project;
      const others = config.setupFiles.filter((file) => !isOurSetup(file));
      // Only now the settings of the command line are known; and Vitest 5 resolves projects without this plugin's
      // `config`.
      config.setupFiles = config.browser.enabled ? others : [setupFile, ...others];
      if (config.browser.enabled) return;
      for (const file of others) files.add(file);
      if (settings !== undefined) project.provide(settingsKey, settings as never);
    },
    transform(code, id) {
      const [file = id] = id.split('?');
      const isSetup = [...files].some((one) => one === file || file.startsWith(`${one}.`));
      return isSetup && !isOurSetup(file) ? { code: withBeginning(code), map: null } : null;
    },
  };
}

function readOptions(options: PgEvictOptions | undefined): PgEvictOptions | undefined {
  try {
    return readFileSettings(options, 'pgEvict()');
  } catch (error) {
    throw printedError(error);
  }
}

function inFront(file: string, given: string | string[] = []): string[] {
  const others = [given].flat();
  return others.includes(file) ? others : [file, ...others];
}

/** Makes Vitest evaluate the setup file for each test file, even if these share modules. */
function inline(test: TestOptions): void {
  const server = (test.server ??= {});
  const deps = (server.deps ??= {});
  if (deps.inline === true) return;
  deps.inline = [...(deps.inline ?? []), setupFile];
}
