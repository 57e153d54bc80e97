import { ask, until } from '../server.js';
import { VitestProject } from './vitest-project.js';

/** Projects of one test file. */
export class VitestFixture {
  readonly #projects: VitestProject[] = [];

  constructor() {
    afterEach(() => {
      for (const project of this.#projects.splice(0)) project.remove();
    });
  }

  project(
    files: Readonly<Record<string, string>>,
    testing: Readonly<Record<string, unknown>> = {},
  ): VitestProject {
    const project = new VitestProject(files, testing);
    this.#projects.push(project);
    return project;
  }
}

/** The databases of tests that a text names, each once. */
export const databasesIn = (text: string): string[] => [
  ...new Set(text.match(/pg_evict_test_[0-9a-z]{8}_[0-9a-f_]*[0-9a-f]/g)),
];

/** Waits until the run whose databases a text names has left nothing on the server. */
export async function untilGone(text: string): Promise<void> {
  const [, run = 'none'] = /pg_evict_test_([0-9a-z]{8})_/.exec(text) ?? [];
  expect(run).not.toBe('none');
  await until(
    async () =>
      (await ask('SELECT FROM pg_database WHERE datname LIKE $1', [`pg\\_evict\\_%\\_${run}\\_%`])).length ===
      0,
    `no database of run ${run} is left`,
  );
}
