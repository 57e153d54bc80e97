// A worker of a simulated run: test files that read, write or change definitions, one after the other.
import { borrowForFile } from '@pg-evict/testing/worker';
import { Client } from 'pg';

const work = [
  'SELECT count(*) FROM person',
  `INSERT INTO visit (person) SELECT 1 FROM generate_series(1, 50)`,
  `UPDATE person SET name = 'changed' WHERE id = 3`,
  'CREATE TABLE made (id int)',
];
// Where the parent has been killed, there is nobody to tell and nothing to disconnect from.
const tell = (message) => process.connected && process.send(message, () => {});
const leave = () => process.connected && process.disconnect();
const told = { toEnd: false };
process.on('message', () => {
  told.toEnd = true;
});
process.on('disconnect', () => process.exit());

try {
  while (!told.toEnd) {
    const file = borrowForFile({ file: import.meta.filename });
    await file.ready();
    const client = new Client(file.url);
    await client.connect();
    const { rows } = await client.query(
      `SELECT (SELECT count(*)::int FROM visit) AS visits, (SELECT string_agg(name, ',') FROM person) AS names`,
    );
    const expected = Array.from({ length: 20 }, (_, i) => `person ${i + 1}`).join(',');
    if (rows[0].visits !== 0 || rows[0].names !== expected) {
      throw new Error(`${file.name} is not the template: ${JSON.stringify(rows[0])}`);
    }
    await client.query(work[Math.floor(Math.random() * work.length)]);
    await client.end();
    await file.giveBack({ failed: false, goesOn: !told.toEnd });
    tell({ files: 1 });
  }
  leave();
} catch (error) {
  tell({ problem: `a worker lost its database: ${error.message}` });
  process.exitCode = 1;
  leave();
}
