// Measures pg-evict beside what people use today, in one run on a throwaway server. See README.md.
import { writeFile } from 'node:fs/promises';
import { describeMachine } from './src/describe-machine.mjs';
import { forgetCertificates } from './src/forget-certificates.mjs';
import { measureCommands } from './src/measure-commands.mjs';
import { measureOperations } from './src/measure-operations.mjs';
import { measureSuccess } from './src/measure-success.mjs';
import { readOptions } from './src/options.mjs';
import { plot } from './src/plot.mjs';
import { startProgress } from './src/progress.mjs';
import { report } from './src/report.mjs';
import { startBenchServer } from './src/start-bench-server.mjs';

forgetCertificates();
const options = readOptions();
const progress = startProgress();
const bench = await startBenchServer();
const machine = describeMachine(bench.server);
try {
  const operations = await measureOperations(bench, options, progress);
  const commands = await measureCommands(bench, options, progress);
  const success = await measureSuccess(bench, options, progress);
  progress.stop();
  const results = {
    machine,
    loadAtEnd: describeMachine(bench.server).load,
    rounds: options.rounds,
    operations,
    commands,
    success,
  };
  process.stdout.write(report(results));
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
  }
  if (options.plot !== undefined) await writeFile(options.plot, plot(results));
  // Peers may fail, that is a result; ours may not. How long anything took is never a reason to fail.
  const ours = [...operations, ...success, ...commands].filter(({ method }) => method === 'pg-evict');
  if (ours.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
} finally {
  progress.stop();
  await bench.stop();
}
