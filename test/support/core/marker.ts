import { withClient } from '../server.js';
import { markerOf, privateDatabasesFor } from './target.js';

/** Fills a new database with a table `marker` that says it is new. */
export async function fillMarker(url: string): Promise<void> {
  await withClient(url, async (client) => client.query(`CREATE TABLE marker AS SELECT 'new' AS content`));
}

/** The database is under its name, with that content, and nothing is left under a private one. */
export async function expectGivenBack(database: string, content = 'old'): Promise<void> {
  expect(await markerOf(database)).toBe(content);
  expect(await privateDatabasesFor(database)).toEqual([]);
}
