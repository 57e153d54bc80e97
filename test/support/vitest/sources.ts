/** A setup file that says what it finds, and what a module found that it imports. */
export const sayingSetup = {
  'setup.ts': `import './early';
import { appendFileSync } from 'node:fs';
appendFileSync('found.log', 'setup ' + process.env.DATABASE_URL + '\\n');
`,
  'early.ts': `import { appendFileSync } from 'node:fs';
appendFileSync('found.log', 'early ' + process.env.DATABASE_URL + '\\n');
`,
};

/** A test file that writes to its database, and closes what it opened. */
export const writing = `import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const count = async () => (await pool.query('SELECT count(*)::int AS n FROM users')).rows[0].n;
// Sooner than the last hook.
afterAll(async () => new Promise((done) => setTimeout(done, 30)));
afterAll(async () => pool.end());
test('begins with what the template has, and writes', async () => {
  expect(await count()).toBe(1);
  await pool.query("INSERT INTO users (name) VALUES ('x')");
  expect(await count()).toBe(2);
});
`;

/** A test file that leaves a session open, from the line that says so. */
export const leaking = `import pg from 'pg';
import { describe, expect, test } from 'vitest';

interface Named {
  name: string;
}
type More = Named & { age?: number };

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, application_name: 'shop' });

describe('a shop', () => {
  test('forgets its pool', async () => {
    const more: More = { name: 'x' };
    await pool.query('INSERT INTO users (name) VALUES ($1)', [more.name]); // leaks
    expect(more.age).toBeUndefined();
  });
});
`;

/** The number of the line of a source that says that it leaks. */
export const leakingLine = leaking.split('\n').findIndex((line) => line.endsWith('// leaks')) + 1;
