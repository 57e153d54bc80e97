// Measures whole runs of Jest with a database for each test file, beside what people use today. See README.md.
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '@pg-evict/server';
import { fileURLToPath } from 'node:url';
import { installPeers } from './jest/install-peers.mjs';
import { makeTemplate } from './jest/make-template.mjs';
import { measureResets } from './jest/measure-resets.mjs';
import { measureRounds } from './jest/measure-rounds.mjs';
import { readOptions } from './jest/options.mjs';
import { reportSlope } from './jest/report-slope.mjs';
import { report } from './jest/report.mjs';
import { kinds, methods } from './jest/methods.mjs';
import { describeMachine } from './src/describe-machine.mjs';
import { forgetCertificates } from './src/forget-certificates.mjs';
import { postmasterOf } from './src/processor-time.mjs';
import { startProgress } from './src/progress.mjs';

forgetCertificates();
const options = readOptions({ slope: true });
const progress = startProgress();
const folder = await realpath(await mkdtemp(join(tmpdir(), 'pg-evict-bench-')));
const server = await startServer({ kind: 'embedded', from: fileURLToPath(new URL('.', import.meta.url)) });
try {
  await makeTemplate(server, options.tables);
  const { results, text } = await (options.slope === undefined ? compare() : measureSlope());
  progress.stop();
  process.stdout.write(text);
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
} finally {
  progress.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

/** All methods beside each other. */
async function compare() {
  progress.show('packages to compare with');
  const leftOut = await installPeers(folder, methods, options.tables);
  const measured = methods.filter(({ peer }) => !leftOut.has(peer));
  const measuring = await measure(measured, [options.files]);
  progress.show('resets');
  const results = { ...measuring, resets: await measureResets(server, options) };
  return { results, text: report(results, measured, leftOut) };
}

/** What a further file costs with pg-evict, beyond the floor. */
async function measureSlope() {
  const compared = methods.slice(0, 2);
  const results = await measure(compared, [options.files, options.slope]);
  return { results, text: reportSlope(results, compared) };
}

async function measure(some, sizes) {
  const machine = describeMachine(server);
  const setting = { folder, server, postmaster: postmasterOf(server), progress };
  const samples = await measureRounds(setting, { kinds, methods: some, sizes }, options);
  return { machine, loadAtEnd: describeMachine(server).load, ...options, samples };
}
