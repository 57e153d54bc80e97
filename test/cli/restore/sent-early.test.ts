import { writeFileSync } from 'node:fs';
import { restore, useRestore } from '../../support/cli/spoilt-database.js';
import { ask, serverUrl, withClient } from '../../support/server.js';

// What defines a table is sent while the server is still at work with the statement before.

const { scratch, dumps } = useRestore();

/** Restores statements over a new database, each on a line of its own. */
async function run(
  ...lines: readonly string[]
): Promise<{ code: number | null; stderr: string; url: string }> {
  const url = serverUrl({ database: await scratch.database() });
  const dump = dumps.path('early.sql');
  writeFileSync(dump, `${lines.join('\n')}\n`);
  return { ...(await restore(url, dump, '--yes', '--no-undo')), url };
}

const rowsOf = async (url: string, sql: string): Promise<unknown[]> =>
  withClient(url, async (client) => (await client.query(sql)).rows);

const begin = 'CREATE TABLE public.t (id integer DEFAULT 1, name text);';
const definitions = [
  'ALTER TABLE public.t OWNER TO postgres;',
  'CREATE SEQUENCE public.t_id_seq START WITH 1;',
  `SELECT pg_catalog.setval('public.t_id_seq', 7, true);`,
];

describe.each([
  ['fails', `SELECT 1 / 0 FROM pg_sleep(0.2);`, 'division by zero'],
  [
    'ends its session',
    `SELECT pg_terminate_backend(pg_backend_pid()) FROM pg_sleep(0.2);`,
    'terminating connection due to administrator command',
  ],
])('a statement that %s before definitions', (_what, failing, message) => {
  test.each([1, 2, 3])('is the one that is named, with its line (%i behind it)', async (count) => {
    const { code, stderr } = await run(begin, failing, ...definitions.slice(0, count), 'SELECT 2;');
    expect(code).toBe(1);
    expect(stderr).toContain(`line 2, ${failing.slice(0, 20)}`);
    expect(stderr).toContain(message);
    expect(await ask(`SELECT datname FROM pg_database WHERE datname ~ '^pg_evict_new_'`)).toEqual([]);
  });
});

test('the error names the definition that fails, with its line', async () => {
  const { code, stderr } = await run(begin, ...definitions, begin, ...definitions.slice(0, 1), 'SELECT 2;');
  expect(code).toBe(1);
  expect(stderr).toContain('line 5, CREATE TABLE public.t');
  expect(stderr).toContain('relation "t" already exists');
});

/** An effect on the whole server that is there at once. */
const effect = `pg_catalog.pg_create_physical_replication_slot('pg_evict_early') IS NOT NULL`;

/** Undoes it; returns whether it was there. */
const dropEffect = async (): Promise<unknown[]> =>
  ask(
    `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'pg_evict_early'`,
  );

const acts = (result: string): string =>
  `CREATE OR REPLACE FUNCTION public.acts() RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN ${result}; END; $$;`;

test.each([
  ['DO', `DO $$ BEGIN PERFORM ${effect}; END; $$;`],
  ['SELECT', `SELECT ${effect};`],
  ['CREATE TABLE … AS', `CREATE TABLE public.u (a) AS SELECT ${effect};`],
  [
    'ALTER TABLE … ADD COLUMN with a default that is called',
    'ALTER TABLE public.t OWNER TO postgres, ADD COLUMN more boolean DEFAULT public.acts();',
  ],
  ['a key of an expression', 'CREATE UNIQUE INDEX t_key ON public.t USING btree (public.acts());'],
  ['a sequence by a query', `SELECT pg_catalog.setval('public.s', 1, ${effect});`],
  ['a table with a literal that a domain checks', `CREATE TABLE public.u (a public.d[] DEFAULT '{1}');`],
  [
    'a table partitioned by a constant expression',
    'CREATE TABLE public.u (a boolean) PARTITION BY LIST ((a AND public.acts()));',
  ],
  [
    'a table with an exclusion of a constant expression',
    'CREATE TABLE public.u (a boolean, EXCLUDE USING btree ((a AND public.acts()) WITH =));',
  ],
  [
    'a table like one with an index of a constant expression',
    'CREATE TABLE public.u (LIKE public.v INCLUDING ALL);',
  ],
])('%s after a failing statement is not run', async (_what, sql) => {
  const { code, stderr } = await run(
    begin,
    'CREATE SEQUENCE public.s;',
    'INSERT INTO public.t VALUES (1);',
    acts('true'),
    'CREATE TABLE public.v (a boolean);',
    'CREATE INDEX i ON public.v ((a AND public.acts()));',
    acts(effect),
    'CREATE DOMAIN public.d AS integer CHECK (public.acts());',
    'SELECT 1 / 0;',
    sql,
  );
  expect(code).toBe(1);
  expect(stderr).toContain('division by zero');
  expect(await dropEffect()).toEqual([]);
});

test('no event trigger of the dump fires for what comes after a failing statement', async () => {
  const { code, stderr } = await run(
    begin,
    `CREATE FUNCTION public.acts() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM ${effect}; END; $$;`,
    `CREATE EVENT TRIGGER e ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION public.acts();`,
    'SELECT 1 / 0;',
    ...definitions,
  );
  expect(code).toBe(1);
  expect(stderr).toContain('division by zero');
  expect(await dropEffect()).toEqual([]);
});

describe('a function that changes how the server reads SQL', () => {
  const sets = (name: string, value: string): string =>
    `DO $$ BEGIN PERFORM pg_catalog.pg_sleep(0.1); EXECUTE 'SET ${name} = ${value}'; END $$;`;

  test('counts for what comes after it, also behind definitions', async () => {
    const { code, url } = await run(
      begin,
      sets('standard_conforming_strings', 'off'),
      ...definitions,
      String.raw`INSERT INTO public.t VALUES (1, 'it\'s; CREATE DATABASE');`,
      sets('standard_conforming_strings', 'on'),
      'ALTER SEQUENCE public.t_id_seq OWNED BY public.t.id;',
      String.raw`INSERT INTO public.t VALUES (2, '\');`,
    );
    expect(code).toBe(0);
    expect(await rowsOf(url, 'TABLE public.t')).toEqual([
      { id: 1, name: "it's; CREATE DATABASE" },
      { id: 2, name: '\\' },
    ]);
    expect(await rowsOf(url, 'SELECT last_value FROM public.t_id_seq')).toEqual([{ last_value: '7' }]);
  });

  test('also if it changes the encoding', async () => {
    const url = serverUrl({ database: await scratch.database() });
    const dump = dumps.path('sjis.sql');
    // The second byte of 表 in SJIS is that of a backslash.
    const hyo = Buffer.from([0x95, 0x5c]);
    const text = [
      begin,
      sets('client_encoding', 'SJIS'),
      ...definitions,
      "INSERT INTO public.t VALUES (1, '",
    ];
    writeFileSync(dump, Buffer.concat([Buffer.from(text.join('\n')), hyo, Buffer.from("');\n")]));
    expect(await restore(url, dump, '--yes', '--no-undo')).toMatchObject({ code: 0, stderr: '' });
    expect(await rowsOf(url, 'TABLE public.t')).toEqual([{ id: 1, name: '表' }]);
  });
});

test('many definitions in a row, all in one transaction', async () => {
  const tables = Array.from({ length: 40 }, (_unused, n) =>
    [
      `CREATE TABLE public.t${n} (\n    id integer NOT NULL\n);`,
      `CREATE SEQUENCE public.t${n}_id_seq\n    AS integer\n    START WITH 1\n    CACHE 1;`,
      `ALTER SEQUENCE public.t${n}_id_seq OWNED BY public.t${n}.id;`,
      `ALTER TABLE ONLY public.t${n} ALTER COLUMN id SET DEFAULT nextval('public.t${n}_id_seq'::regclass);`,
      `COPY public.t${n} (id) FROM stdin;\n${n}\n\\.\n`,
      `SELECT pg_catalog.setval('public.t${n}_id_seq', ${n + 1}, true);`,
      `ALTER TABLE ONLY public.t${n}\n    ADD CONSTRAINT t${n}_pkey PRIMARY KEY (id);`,
    ].join('\n\n'),
  );
  for (const begins of [[], ['BEGIN;']]) {
    const { code, stderr, url } = await run(...begins, ...tables, ...begins.map(() => 'COMMIT;'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const found = await rowsOf(
      url,
      `SELECT count(*)::int AS keys, (SELECT sum(last_value)::int FROM pg_sequences) AS last
       FROM pg_constraint WHERE contype = 'p' AND connamespace = 'public'::regnamespace`,
    );
    expect(found).toEqual([{ keys: 40, last: 820 }]);
  }
});
