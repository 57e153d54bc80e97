// Measures whole runs of Jest with a database for each test file, beside what people use today. See README.md.
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '@pg-evict/server';
import { fileURLToPath } from 'node:url';
import { makeTemplate } from './jest/make-template.mjs';
import { measureResets } from './jest/measure-resets.mjs';
import { readOptions } from './jest/options.mjs';
import { report } from './jest/report.mjs';
import { runJest } from './jest/run-jest.mjs';
import { kinds, methods } from './jest/methods.mjs';
import { writeProject } from './jest/write-project.mjs';
import { describeMachine } from './src/describe-machine.mjs';
import { forgetCertificates } from './src/forget-certificates.mjs';
import { postmasterOf } from './src/processor-time.mjs';
import { startProgress } from './src/progress.mjs';
import { rotate } from './src/rotate.mjs';

forgetCertificates();
const options = readOptions();
const progress = startProgress();
const folder = await realpath(await mkdtemp(join(tmpdir(), 'pg-evict-bench-')));
const server = await startServer({ kind: 'embedded', from: fileURLToPath(new URL('.', import.meta.url)) });
try {
  const machine = describeMachine(server);
  const postmaster = postmasterOf(server);
  await makeTemplate(server, options.tables);
  const projects = [];
  for (const kind of kinds) {
    for (const method of methods) {
      projects.push({ kind, method, folder: await writeProject(folder, kind, method, options) });
    }
  }
  const samples = [];
  // The first round fills Jest's cache and builds our template; it does not count.
  for (let round = -1; round < options.rounds; round += 1) {
    for (const project of rotate(projects, round + 1)) {
      progress.show(
        `round ${Math.max(1, round + 1)} of ${options.rounds}: ${project.kind.name}, ${project.method.name}`,
      );
      const figures = await runJest(project, server, postmaster, options);
      if (round >= 0) {
        samples.push({ kind: project.kind.name, method: project.method.name, round, ...figures });
      }
    }
  }
  progress.show('resets');
  const resets = await measureResets(server, options);
  progress.stop();
  const results = { machine, loadAtEnd: describeMachine(server).load, ...options, samples, resets };
  process.stdout.write(report(results));
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
} finally {
  progress.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
