import { recreateDatabase, renameDatabase, protectDatabase, unprotectDatabase } from '@pg-evict/core';
import { targetOf } from '../../support/core/target.js';
import { Scratch } from '../../support/scratch.js';
import { quote, serverUrl, withClient } from '../../support/server.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

/** Changes the row of the database without end, as fast as the server goes, until the work is done. */
async function whileItChanges(database: string, work: () => Promise<void>): Promise<void> {
  const working = new AbortController();
  const changing = [0, 1].map(async (turn) =>
    withClient(serverUrl(), async (client) => {
      const name = quote(database);
      for (let round = turn; !working.signal.aborted; round += 1) {
        const limit = `ALTER DATABASE ${name} CONNECTION LIMIT ${10 + (round % 5)}`;
        const grant = `${round % 2 === 0 ? 'GRANT' : 'REVOKE'} TEMPORARY ON DATABASE ${name} ${round % 2 === 0 ? 'TO' : 'FROM'} PUBLIC`;
        // Two of them stumble over each other as well, and there is no database of that name while it is renamed.
        await client.query(round % 3 === 0 ? grant : limit).catch(() => undefined);
      }
    }),
  );
  try {
    await work();
  } finally {
    working.abort();
    await Promise.all(changing);
  }
}

test('a database whose row another session keeps changing is recreated', async () => {
  const database = await scratch.database();
  await whileItChanges(database, async () => {
    for (let round = 0; round < 8; round += 1) {
      expect(await recreateDatabase(targetOf(database))).toMatchObject({ changed: true });
    }
  });
});

test('and renamed, protected and unprotected', async () => {
  const database = await scratch.database();
  const other = scratch.newName('to');
  await whileItChanges(database, async () => {
    for (let round = 0; round < 4; round += 1) {
      await protectDatabase(targetOf(database));
      await unprotectDatabase(targetOf(database));
      await renameDatabase(targetOf(database), other);
      expect(await renameDatabase(targetOf(other), database)).toMatchObject({ changed: true });
    }
  });
});
