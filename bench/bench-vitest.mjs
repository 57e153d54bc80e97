// Measures whole runs of Vitest with a database for each test file, beside one that all share. See README.md.
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '@pg-evict/server';
import { fileURLToPath } from 'node:url';
import { makeTemplate } from './jest/make-template.mjs';
import { readOptions } from './jest/options.mjs';
import { describeMachine } from './src/describe-machine.mjs';
import { forgetCertificates } from './src/forget-certificates.mjs';
import { measureRunner, urlFor } from './src/measure-runner.mjs';
import { postmasterOf } from './src/processor-time.mjs';
import { startProgress } from './src/progress.mjs';
import { rotate } from './src/rotate.mjs';
import { kinds, methods, modes } from './vitest/kinds.mjs';
import { report } from './vitest/report.mjs';
import { installModules, writeProject } from './vitest/write-project.mjs';

forgetCertificates();
const options = readOptions();
const progress = startProgress();
const folder = await realpath(await mkdtemp(join(tmpdir(), 'pg-evict-bench-')));
const server = await startServer({ kind: 'embedded', from: fileURLToPath(new URL('.', import.meta.url)) });
try {
  const machine = describeMachine(server);
  const postmaster = postmasterOf(server);
  await makeTemplate(server, options.tables);
  await installModules(folder);
  const vitest = join(folder, 'node_modules/vitest');
  const { version } = JSON.parse(await readFile(join(vitest, 'package.json'), 'utf8'));
  const projects = [];
  for (const mode of modes) {
    for (const kind of kinds) {
      for (const method of methods) {
        const where = await writeProject(folder, kind, method, mode, options);
        projects.push({ mode, kind, method, folder: where });
      }
    }
  }
  const samples = [];
  // The first round fills caches and builds our template; it does not count.
  for (let round = -1; round < options.rounds; round += 1) {
    for (const project of rotate(projects, round + 1)) {
      const [mode, kind, method] = [project.mode, project.kind, project.method].map(({ name }) => name);
      progress.show(`round ${Math.max(1, round + 1)} of ${options.rounds}: ${mode}, ${kind}, ${method}`);
      const args = [join(vitest, 'vitest.mjs'), 'run', '--reporter=dot', '--silent'];
      const how = { name: `${mode}, ${kind}, ${method}`, args, folder: project.folder };
      const figures = await measureRunner({ ...how, url: urlFor(project.method, server) }, postmaster);
      if (round >= 0) samples.push({ mode, kind, method, round, ...figures });
    }
  }
  progress.stop();
  const loadAtEnd = describeMachine(server).load;
  const results = { machine, loadAtEnd, vitest: version, ...options, samples };
  process.stdout.write(report(results));
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
} finally {
  progress.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
