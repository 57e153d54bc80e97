/** A schema of tables that refer to each other; a few have rows from the start. */
export function schemaOf(tables) {
  const statements = [];
  for (let n = 1; n <= tables; n += 1) {
    const reference = n === 1 ? '' : `, parent int REFERENCES t${n - 1}`;
    statements.push(
      `CREATE TABLE t${n} (id serial PRIMARY KEY, label text NOT NULL, at timestamptz DEFAULT now()${reference})`,
      `CREATE INDEX ON t${n} (label)`,
    );
    if (n % 10 === 1) {
      statements.push(`INSERT INTO t${n} (label) SELECT 'seed ' || i FROM generate_series(1, 20) i`);
    }
  }
  return statements.join(';\n');
}
