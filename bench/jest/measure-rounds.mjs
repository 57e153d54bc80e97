import { rotate } from '../src/rotate.mjs';
import { runJest } from './run-jest.mjs';
import { writeProject } from './write-project.mjs';

/**
 * Runs Jest for each kind of test file, method and number of files, which take turns in every round.
 *
 * @param setting where: the folder of the projects, the server and its first process
 */
export async function measureRounds(
  { folder, server, postmaster, progress },
  { kinds, methods, sizes },
  options,
) {
  const projects = [];
  for (const kind of kinds) {
    for (const method of methods) {
      for (const files of sizes) {
        const where = await writeProject(folder, kind, method, { ...options, files });
        projects.push({ kind, method, files, folder: where });
      }
    }
  }
  const samples = [];
  // The first round fills Jest's cache and builds our template; it does not count.
  for (let round = -1; round < options.rounds; round += 1) {
    for (const project of rotate(projects, round + 1)) {
      const { kind, method, files } = project;
      progress.show(
        `round ${Math.max(1, round + 1)} of ${options.rounds}: ${kind.name}, ${method.name}, ${files} files`,
      );
      const figures = await runJest(project, server, postmaster, options);
      if (round >= 0) samples.push({ kind: kind.name, method: method.name, files, round, ...figures });
    }
  }
  return samples;
}
