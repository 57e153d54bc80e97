/** A schema with something of everything that a database may contain. */
export const templateSchema = `
CREATE SCHEMA "Sales Dept";
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE pair AS (a int, b text);
CREATE SEQUENCE ticket START 100 INCREMENT 5;
CREATE SEQUENCE untouched;
SELECT nextval('ticket');

CREATE TABLE people (id serial PRIMARY KEY, name text NOT NULL UNIQUE, mood mood DEFAULT 'ok', born date,
  likes pair, score double precision, payload bytea, extra jsonb, gone int);
ALTER TABLE people DROP COLUMN gone;
INSERT INTO people (name, mood, born, likes, score, payload, extra)
  SELECT 'person ' || i, 'happy', date '2000-01-01' + i, ROW(i, E'tab\\t"quote" \\\\ (paren), comma\\nline')::pair, i / 3.0,
    decode(md5(i::text), 'hex'), jsonb_build_object('i', i, 'null', NULL) FROM generate_series(1, 20) i;
INSERT INTO people (name, payload) VALUES ('long', decode(repeat(md5('x'), 500), 'hex')), ('', NULL);
CREATE TABLE pets (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner int REFERENCES people ON DELETE CASCADE,
  name text, loud text GENERATED ALWAYS AS (upper(name)) STORED);
INSERT INTO pets (owner, name) SELECT id, 'pet of ' || name FROM people WHERE id < 6;
CREATE TABLE orders (id bigserial PRIMARY KEY, person int REFERENCES people, amount positive, placed timestamptz
  DEFAULT now());
CREATE INDEX ON orders (placed);
CREATE TABLE lines (order_id bigint REFERENCES orders ON DELETE RESTRICT, n int, PRIMARY KEY (order_id, n));
CREATE TABLE "Sales Dept"."Order ""book""" ("the id" int PRIMARY KEY, "select" text, parent int
  REFERENCES "Sales Dept"."Order ""book""");
INSERT INTO "Sales Dept"."Order ""book""" VALUES (1, 'root', NULL), (2, 'child', 1);
CREATE UNLOGGED TABLE cache (k text PRIMARY KEY, v text);
INSERT INTO cache VALUES ('a', '1');
CREATE TABLE events (at date NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
CREATE TABLE events_2027 (at date NOT NULL, what text);
INSERT INTO events VALUES ('2025-05-05', 'first'), ('1999-01-01', 'before');
CREATE TABLE base (a int);
CREATE TABLE derived (b int) INHERITS (base);
INSERT INTO derived VALUES (1, 2);
CREATE TABLE nothing ();
CREATE TABLE large AS SELECT i, repeat(md5(i::text), 20) AS text FROM generate_series(1, 6000) i;
CREATE TABLE medium AS SELECT i, repeat('m', 20 + i % 30) AS text FROM generate_series(1, 300) i;
ALTER TABLE medium ADD PRIMARY KEY (i);
CREATE TABLE shrunk AS SELECT i FROM generate_series(1, 50) i;
DELETE FROM shrunk WHERE i % 2 = 0;
CREATE VIEW adults AS SELECT id, name FROM people WHERE born < '2005-01-01';
CREATE MATERIALIZED VIEW names AS SELECT name FROM people;
CREATE UNIQUE INDEX ON names (name);
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE TABLE logged (what text, at timestamptz DEFAULT now());
CREATE FUNCTION log_it() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO public.logged (what) VALUES (TG_OP || ' ' || TG_TABLE_NAME); RETURN NULL; END $$;
CREATE TRIGGER log_orders AFTER INSERT OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION log_it();
CREATE TRIGGER log_pets AFTER DELETE ON pets FOR EACH ROW EXECUTE FUNCTION log_it();
ALTER TABLE pets DISABLE TRIGGER log_pets;
CREATE TABLE watched (a int);
CREATE TRIGGER always AFTER INSERT OR DELETE ON watched FOR EACH ROW EXECUTE FUNCTION log_it();
ALTER TABLE watched ENABLE ALWAYS TRIGGER always;
CREATE TABLE ruled (a int);
CREATE RULE no_delete AS ON DELETE TO ruled DO INSTEAD NOTHING;
COMMENT ON TABLE people IS 'who is there';
CREATE STATISTICS people_stats ON name, born FROM people;
SELECT lo_from_bytea(424242, 'content of the template');
`;
