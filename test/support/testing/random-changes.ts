import { Client } from 'pg';
import { pick } from '../long/random.js';

/** A change that a test may make; `needsSuperuser` for what an owner may not do. */
interface Change {
  readonly sql: string;
  readonly needsSuperuser?: true;
  /** It must stand by itself. */
  readonly alone?: true;
}

const change = (sql: string): Change => ({ sql });

/** What tests do to databases, by what it is. `#` is replaced by a number. */
const changes: Readonly<Record<string, readonly Change[]>> = {
  nothing: [change('SELECT 1'), change('SELECT * FROM people'), change('SELECT name FROM people FOR UPDATE')],
  rows: [
    change(`INSERT INTO orders (person, amount) SELECT 1, i FROM generate_series(1, #) i`),
    change(
      `INSERT INTO orders (person, amount) VALUES (2, 5); INSERT INTO lines SELECT max(id), 1 FROM orders`,
    ),
    change(`INSERT INTO people (name) VALUES ('new #')`),
    change(`UPDATE people SET score = # WHERE id % 3 = 1`),
    change(`UPDATE people SET name = name`),
    change(`DELETE FROM people WHERE id % 5 = 0`),
    change(`DELETE FROM pets; DELETE FROM lines; DELETE FROM orders; DELETE FROM people`),
    change(`INSERT INTO "Sales Dept"."Order ""book""" VALUES (1000 + #, 'x', 2)`),
    change(`DELETE FROM "Sales Dept"."Order ""book"""`),
    change(`INSERT INTO cache VALUES ('k#', 'v')`),
    change(`INSERT INTO events VALUES ('2025-07-01', 'in #'), ('2040-01-01', 'default')`),
    change(`UPDATE events SET at = '2025-02-02' WHERE at = '1999-01-01'`),
    change(`INSERT INTO base VALUES (#); UPDATE base SET a = a + 1`),
    change(`INSERT INTO nothing DEFAULT VALUES`),
    change(`INSERT INTO watched VALUES (#)`),
    change(`INSERT INTO ruled VALUES (#)`),
    change(`UPDATE large SET text = 'x' WHERE i = #`),
    change(`INSERT INTO large SELECT i, 'x' FROM generate_series(1, # * 10) i`),
    change(`UPDATE medium SET text = repeat('n', i * # % 60)`),
    change(`UPDATE medium SET text = 'n' WHERE i < #`),
    change(`INSERT INTO medium SELECT 1000 + i, 'm' FROM generate_series(1, # * 5) i`),
    change(`DELETE FROM medium WHERE i % # = 0`),
    change(`UPDATE people SET name = name || repeat('x', #)`),
    change(`INSERT INTO shrunk VALUES (1000 + #)`),
    change(`UPDATE shrunk SET i = i + 100`),
    change(`INSERT INTO lines SELECT 1, i FROM generate_series(1, # * 20) i; DELETE FROM lines WHERE n > 5`),
    change(`INSERT INTO logged (what) SELECT repeat('x', 2000) FROM generate_series(1, 300)`),
    change(`INSERT INTO people (id, name) VALUES (5000 + #, 'x'); DELETE FROM people WHERE id = 5000 + #`),
    change(`SAVEPOINT a; INSERT INTO cache VALUES ('s#'); ROLLBACK TO a; INSERT INTO cache VALUES ('t#')`),
    change(`COPY cache TO '/dev/null'`),
  ],
  truncate: [
    change('TRUNCATE people CASCADE'),
    change('TRUNCATE people, pets, orders, lines RESTART IDENTITY'),
    change('TRUNCATE cache'),
    change('TRUNCATE events'),
    change('TRUNCATE large'),
    change('TRUNCATE orders CASCADE; INSERT INTO orders (person, amount) VALUES (3, 3)'),
  ],
  sequences: [
    change(`SELECT nextval('ticket')`),
    change(`SELECT setval('ticket', 100, false)`),
    change(`SELECT setval('untouched', #)`),
    change(`SELECT nextval('untouched')`),
    change(`ALTER SEQUENCE ticket RESTART`),
    change(`ALTER SEQUENCE ticket INCREMENT BY 7`),
    change(`ALTER TABLE people ALTER id RESTART`),
    change(`ALTER TABLE pets ALTER id RESTART WITH 77`),
  ],
  tables: [
    change('CREATE TABLE made_# (id serial PRIMARY KEY, a text UNIQUE)'),
    change('CREATE TABLE made_and_dropped_# (id serial); DROP TABLE made_and_dropped_#'),
    change('DROP TABLE lines'),
    change('DROP TABLE people CASCADE'),
    change('ALTER TABLE people ADD COLUMN c# int DEFAULT 7'),
    change('ALTER TABLE people DROP COLUMN score'),
    change('ALTER TABLE people RENAME TO persons_#'),
    change(`ALTER TABLE orders ALTER amount TYPE bigint`),
    change('ALTER TABLE cache SET LOGGED'),
    change('ALTER TABLE orders SET UNLOGGED'),
    change('ALTER TABLE orders SET (fillfactor = 70)'),
    change('ALTER TABLE people ALTER name SET STATISTICS #'),
    change('ALTER TABLE people REPLICA IDENTITY FULL'),
    change(
      `ALTER TABLE events ATTACH PARTITION events_2027 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')`,
    ),
    change('ALTER TABLE events DETACH PARTITION events_2025'),
    change('CREATE INDEX made_index_# ON people (born)'),
    change('DROP INDEX orders_placed_idx'),
    change('CREATE STATISTICS made_stats_# ON id, name FROM people'),
    change('ALTER TABLE base NO INHERIT base'),
    change('ALTER TABLE derived NO INHERIT base'),
  ],
  alone: [
    { sql: 'VACUUM FULL people', alone: true },
    { sql: 'VACUUM', alone: true },
    { sql: 'ANALYZE', alone: true },
    { sql: 'CREATE INDEX CONCURRENTLY made_slowly_# ON people (born)', alone: true },
    { sql: 'DROP INDEX CONCURRENTLY orders_placed_idx', alone: true },
    { sql: 'REINDEX TABLE people', alone: true },
    { sql: 'CLUSTER people USING people_pkey', alone: true },
    { sql: `ALTER TYPE mood ADD VALUE 'new #'`, alone: true },
  ],
  definitions: [
    change(`CREATE OR REPLACE VIEW adults AS SELECT id, name FROM people WHERE born < '2001-01-01'`),
    change('CREATE VIEW made_view_# AS SELECT 1 AS one'),
    change('DROP VIEW adults'),
    change('REFRESH MATERIALIZED VIEW names'),
    change('REFRESH MATERIALIZED VIEW CONCURRENTLY names'),
    change(`INSERT INTO people (name) VALUES ('seen #'); REFRESH MATERIALIZED VIEW CONCURRENTLY names`),
    change(`CREATE OR REPLACE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 3'`),
    change(`CREATE FUNCTION made_# () RETURNS int LANGUAGE sql AS 'SELECT #'`),
    change('DROP FUNCTION twice'),
    change('CREATE TYPE made_type_# AS ENUM ()'),
    change(`ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'`),
    change('ALTER DOMAIN positive DROP CONSTRAINT positive_check'),
    change('CREATE SCHEMA made_schema_#'),
    change(`CREATE RULE made AS ON INSERT TO cache DO ALSO NOTHING`),
    change(`COMMENT ON TABLE people IS 'changed #'`),
    change(`COMMENT ON COLUMN people.name IS 'changed #'`),
    change(`CREATE AGGREGATE made_sum_# (int) (sfunc = int4pl, stype = int, initcond = '0')`),
    change(`CREATE TEXT SEARCH CONFIGURATION made_search_# (COPY = english)`),
    change(`CREATE COLLATION made_collation_# FROM "C"`),
    { sql: 'CREATE EXTENSION hstore', needsSuperuser: true },
    { sql: 'CREATE EXTENSION dblink; DROP EXTENSION dblink', needsSuperuser: true },
    { sql: 'CREATE PUBLICATION made_publication_# FOR TABLE people', needsSuperuser: true },
    {
      sql: `CREATE FUNCTION on_ddl_#() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER made_event_#
        ON ddl_command_start EXECUTE FUNCTION on_ddl_#()`,
      needsSuperuser: true,
    },
    { sql: `CREATE CAST (mood AS int) WITHOUT FUNCTION`, needsSuperuser: true },
    { sql: `UPDATE pg_proc SET proisstrict = true WHERE proname = 'twice'`, needsSuperuser: true },
  ],
  triggers: [
    change('ALTER TABLE orders DISABLE TRIGGER log_orders'),
    change('ALTER TABLE pets ENABLE TRIGGER log_pets'),
    change('ALTER TABLE pets DISABLE TRIGGER USER; DELETE FROM pets'),
    change('DROP TRIGGER log_orders ON orders'),
    change('CREATE TRIGGER made_# AFTER INSERT ON cache FOR EACH ROW EXECUTE FUNCTION log_it()'),
    { sql: 'ALTER TABLE pets DISABLE TRIGGER ALL', needsSuperuser: true },
    { sql: 'SET session_replication_role = replica; DELETE FROM people WHERE id = 1', needsSuperuser: true },
  ],
  privileges: [
    change('GRANT SELECT ON people TO PUBLIC'),
    change('REVOKE ALL ON people FROM CURRENT_USER'),
    change('GRANT INSERT (name) ON people TO PUBLIC'),
    change('GRANT USAGE ON SEQUENCE ticket TO PUBLIC'),
    change('REVOKE EXECUTE ON FUNCTION twice FROM PUBLIC'),
    change('ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC'),
    change('GRANT USAGE ON SCHEMA "Sales Dept" TO PUBLIC'),
    change('ALTER TABLE people ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON people USING (id > 3)'),
    change('ALTER TABLE people FORCE ROW LEVEL SECURITY'),
    { sql: 'ALTER TABLE people OWNER TO pg_monitor', needsSuperuser: true },
    { sql: 'ALTER FUNCTION twice OWNER TO pg_monitor', needsSuperuser: true },
    { sql: 'ALTER SCHEMA "Sales Dept" OWNER TO pg_monitor', needsSuperuser: true },
    { sql: 'ALTER LARGE OBJECT 424242 OWNER TO pg_monitor', needsSuperuser: true },
  ],
  'large objects': [
    change(`SELECT lo_from_bytea(0, 'made')`),
    change(`SELECT lo_put(424242, 3, 'changed')`),
    change('SELECT lo_unlink(424242)'),
    change('GRANT SELECT ON LARGE OBJECT 424242 TO PUBLIC'),
    change(`COMMENT ON LARGE OBJECT 424242 IS 'made'`),
  ],
  'the database': [
    change(
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''7MB''', current_database()); END $$`,
    ),
    change(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 50', current_database()); END $$`),
    change(`DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS ''made''', current_database()); END $$`),
    change(`DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO PUBLIC', current_database()); END $$`),
    change(
      `DO $$ BEGIN EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET work_mem = ''8MB''', current_database()); END $$`,
    ),
    change(
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = ''serializable''', current_database()); END $$`,
    ),
    {
      sql: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO pg_monitor', current_database()); END $$`,
      needsSuperuser: true,
    },
  ],
  sessions: [
    change(
      'CREATE TEMP TABLE made_temp_# (a serial PRIMARY KEY, b text); INSERT INTO made_temp_# (b) VALUES (1)',
    ),
    change('CREATE TEMP VIEW made_temp_view_# AS SELECT * FROM people'),
    change('LISTEN made_#; NOTIFY made_#'),
    change('SELECT pg_advisory_lock(#), pg_advisory_xact_lock(# + 1)'),
    change('LOCK TABLE people IN ACCESS EXCLUSIVE MODE'),
    change(`DECLARE made_# CURSOR WITH HOLD FOR SELECT * FROM people`),
    change(`SET search_path = 'Sales Dept'; SET work_mem = '1MB'; PREPARE made_# AS SELECT 1`),
    { sql: 'SELECT pg_stat_reset()', needsSuperuser: true },
    { sql: `SET track_counts = off; INSERT INTO people (name) VALUES ('unseen')`, needsSuperuser: true },
    {
      sql: `SELECT pg_create_logical_replication_slot('slot_' || substr(md5(current_database()), 1, 8) || '_#', 'test_decoding')`,
      needsSuperuser: true,
      alone: true,
    },
    {
      sql: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL`,
      alone: true,
    },
  ],
};

export const kindsOfChanges = Object.keys(changes);

const endings = [
  'commit',
  'commit',
  'commit',
  'commit',
  'roll back',
  'prepare',
  'stay in the transaction',
  'stay connected',
  'vanish',
] as const;

/** What a session did to a database. */
export interface Done {
  readonly kind: string;
  readonly sql: string;
  readonly ending: string;
  /** What the server said to it, where it refused. */
  readonly refused: string | null;
}

/** Sessions that stay connected, as those of a pool. */
export class IdleClients {
  readonly #clients = new Set<Client>();
  readonly #ended = new WeakSet<Client>();

  /** One that is still there, or a new one. */
  async take(url: string): Promise<Client> {
    const [known] = this.#clients;
    if (known !== undefined) {
      this.#clients.delete(known);
      return known;
    }
    const client = new Client({ connectionString: url, application_name: 'a test' });
    client.on('error', () => undefined);
    client.on('end', () => {
      this.#ended.add(client);
      this.#clients.delete(client);
    });
    await client.connect();
    return client;
  }

  giveBack(client: Client): void {
    if (!this.#ended.has(client)) this.#clients.add(client);
  }

  async end(): Promise<void> {
    await Promise.all([...this.#clients].map(async (client) => client.end().catch(() => undefined)));
    this.#clients.clear();
  }
}

/** Makes a few random changes to a database in a session that may be left behind. */
export async function changeAtRandom(
  url: string,
  random: () => number,
  {
    kind,
    superuser,
    clients = new IdleClients(),
  }: { readonly kind: string; readonly superuser: boolean; readonly clients?: IdleClients },
): Promise<Done> {
  const allowed = (changes[kind] ?? []).filter(({ needsSuperuser }) => superuser || needsSuperuser !== true);
  const { sql: pattern, alone } = pick(allowed, random());
  const number = String(1 + Math.floor(random() * 99));
  const sql = pattern.replaceAll('#', number);
  const ending =
    alone === true ? pick(['commit', 'stay connected'] as const, random()) : pick(endings, random());
  const client = await clients.take(url);
  let refused: string | null = null;
  try {
    await client.query(`SET lock_timeout = '1s'; SET client_min_messages = error`);
    if (alone !== true) await client.query('BEGIN');
    await client.query(sql);
    if (ending === 'prepare')
      await client.query(`PREPARE TRANSACTION 'made ${number} ${client.database ?? ''}'`);
    else if (ending === 'roll back') await client.query('ROLLBACK');
    else if (alone !== true && ending !== 'stay in the transaction') await client.query('COMMIT');
  } catch (error) {
    refused = (error as Error).message;
  }
  if (ending === 'vanish') client.connection.stream.destroy();
  else if (!ending.startsWith('stay')) await client.end().catch(() => undefined);
  else if (ending === 'stay connected') clients.giveBack(client);
  return { kind, sql, ending, refused };
}
