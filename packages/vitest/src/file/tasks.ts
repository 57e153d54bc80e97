import type { RunnerTask, RunnerTestFile, RunnerTestSuite } from 'vitest';

/** Whether a test of the file, or a hook, has failed. */
export function hasFailed(task: RunnerTask): boolean {
  if (task.result?.state === 'fail' || (task.result?.errors?.length ?? 0) > 0) return true;
  return 'tasks' in task && task.tasks.some(hasFailed);
}

/** The title of a test or suite with those around it. */
export function titleOf({ name, suite }: RunnerTask): string {
  return [...titles(suite), name].join(' > ');
}

function titles(suite: RunnerTestSuite | RunnerTestFile | undefined): string[] {
  return suite === undefined || 'filepath' in suite ? [] : [...titles(suite.suite), suite.name];
}
