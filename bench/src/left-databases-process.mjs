// A run that borrows as many databases as it is told, says so, and waits to be killed.
import { acquireDatabase, startRun } from '@pg-evict/testing';

const [url, count] = process.argv.slice(2);
const run = await startRun({ url });
for (let n = 0; n < Number(count); n += 1) await acquireDatabase(run);
process.send('ready');
setInterval(() => undefined, 60_000);
