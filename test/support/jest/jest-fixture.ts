import { isDeepStrictEqual } from 'node:util';
import type { RunningEmbeddedServer } from '@pg-evict/server';
import { ask, quote, until } from '../server.js';
import { useOwnServer } from '../own-server.js';
import { installJest, type JestInstallation, type JestVersion } from './jest-installation.js';
import { JestProject } from './jest-project.js';

/** What the server says of the configured database, as it was made. */
async function configuredDatabase(): Promise<object[]> {
  return ask(
    "SELECT oid, to_jsonb(d) - '{datfrozenxid,datminmxid}'::text[] AS facts FROM pg_database d WHERE datname = 'app_test'",
  );
}

/** A server, and installations of Jest, of one test file; checks after each test that nothing is left on the server. */
export class JestFixture {
  readonly #installations = new Map<JestVersion, JestInstallation>();
  readonly #projects: JestProject[] = [];
  #mayStay: string[] = [];
  #configured: object[] = [];
  /** Its server, once the tests have begun. */
  readonly server: () => RunningEmbeddedServer;

  constructor() {
    this.server = useOwnServer({ max_connections: 200 });
    beforeAll(async () => {
      // The configured database, which is never touched: nobody gets there.
      await ask('CREATE DATABASE app_test ALLOW_CONNECTIONS false');
      this.#configured = await configuredDatabase();
    });
    afterEach(async () => {
      for (const project of this.#projects.splice(0)) project.remove();
      const configured = await configuredDatabase();
      if (!isDeepStrictEqual(configured, this.#configured)) {
        throw new Error(`the configured database was touched: ${JSON.stringify(configured)}`);
      }
      const left = await this.databases();
      for (const name of left) await ask(`DROP DATABASE ${quote(name)} WITH (FORCE)`);
      const forgotten = left.filter((name) => !this.#mayStay.includes(name));
      this.#mayStay = [];
      if (forgotten.length > 0) throw new Error(`left on the server: ${forgotten.join(', ')}`);
      // The last backends go a moment after the process whose they were.
      await until(async () => (await this.sessions()).length === 0, 'no session is left');
    });
    afterAll(() => {
      for (const { remove } of this.#installations.values()) remove();
    });
  }

  project(
    name: string,
    files: Readonly<Record<string, string>> = {},
    version: JestVersion = 'jest',
  ): JestProject {
    const installation = this.#installations.get(version) ?? installJest(version);
    this.#installations.set(version, installation);
    const project = new JestProject(installation, name, files);
    this.#projects.push(project);
    return project;
  }

  /** Databases for tests that are on the server, templates aside. */
  async databases(): Promise<string[]> {
    const rows = await ask<{ name: string }>(
      `SELECT datname AS name FROM pg_database WHERE datname ~ '^pg_evict_(test|kept|building)_' ORDER BY 1`,
    );
    return rows.map(({ name }) => name);
  }

  /** Sessions of others on the server. */
  async sessions(): Promise<string[]> {
    const rows = await ask<{ who: string }>(
      `SELECT coalesce(datname, '') || ': ' || application_name || ': ' || query AS who FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    );
    return rows.map(({ who }) => who);
  }

  /** A database that a test leaves on purpose; it is dropped afterwards. */
  expectLeft(...names: string[]): void {
    this.#mayStay = names;
  }
}
