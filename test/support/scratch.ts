import { ask, quote, serverMajor, serverUrl, uniqueName, withClient } from './server.js';

/** $1 databases. */
const privateDatabasesQuery = `
SELECT datname AS name FROM pg_database, unnest($1::text[]) AS of
WHERE datname ~ ('^pg_evict_(new|old|drop|held|undo)_' || left(encode(sha256(convert_to(of, 'UTF8')), 'hex'), 10) || '_')`;

/** Databases and roles of one test file, dropped when it is over. */
export class Scratch {
  readonly #databases = new Set<string>();
  readonly #roles = new Set<string>();

  /** Creates a database with a table `marker` whose one row tells old content from new. */
  async database(name = uniqueName('db'), options = ''): Promise<string> {
    this.#databases.add(name);
    // As `fsync` is off, files are copied in a third of the time.
    const strategy = serverMajor >= 15 ? 'STRATEGY file_copy' : '';
    await ask(`CREATE DATABASE ${quote(name)} ${options} ${strategy}`);
    await withClient(serverUrl({ database: name }), async (client) =>
      client.query(`CREATE TABLE marker AS SELECT 'old' AS content; GRANT SELECT ON marker TO PUBLIC`),
    );
    return name;
  }

  /** Remembers a database that the test will make, so that it is dropped whatever happens. */
  forget(name: string): string {
    this.#databases.add(name);
    return name;
  }

  /** A name nobody else uses, of a database that the test will make. */
  newName(prefix = 'new'): string {
    return this.forget(uniqueName(prefix));
  }

  /** Creates a role that can log in, and returns its name; its password is its name. */
  async role(options = '', name = uniqueName('role')): Promise<string> {
    this.#roles.add(name);
    await ask(`CREATE ROLE ${quote(name)} LOGIN PASSWORD '${name.replaceAll("'", "''")}' ${options}`);
    return name;
  }

  /** For afterAll. Also drops what an operation left under a private name for these databases. */
  async cleanUp(): Promise<void> {
    await withClient(serverUrl(), async (server) => {
      const left = await server.query<{ name: string }>(privateDatabasesQuery, [[...this.#databases]]);
      for (const name of [...this.#databases, ...left.rows.map((row) => row.name)]) {
        const flagged = await server.query('SELECT FROM pg_database WHERE datname = $1 AND datistemplate', [
          name,
        ]);
        if (flagged.rows.length > 0) await server.query(`ALTER DATABASE ${quote(name)} IS_TEMPLATE false`);
        await server.query(`DROP DATABASE IF EXISTS ${quote(name)} WITH (FORCE)`);
      }
      for (const name of this.#roles) await server.query(`DROP ROLE IF EXISTS ${quote(name)}`);
    });
  }
}
