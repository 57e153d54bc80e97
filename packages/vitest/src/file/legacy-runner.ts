import * as vitest from 'vitest';
import type { RunnerTask, RunnerTestFile } from 'vitest';

type TaskEvent = [id: string, name: string, data: unknown];

/** As far as it is looked at. */
interface Runner {
  onBeforeRunSuite?: (suite: RunnerTask) => Promise<void> | void;
  onAfterRunSuite?: (suite: RunnerTask) => Promise<void> | void;
  onTaskUpdate?: (packs: unknown[], events: TaskEvent[]) => Promise<void> | void;
}

/** The callback that runs after everything of the current file. */
interface Following {
  finish: (() => Promise<void>) | undefined;
  /** Lets the runner report that the file is over, at once if it would already have done so. */
  release: (() => Promise<void>) | undefined;
}

/** Before 4.1, Vitest has no hook around everything of a file. */
export const hasLegacyRunner: boolean = !('aroundAll' in vitest);

// Later versions warn of it, or do not have it, which Vite would notice.
const runners = 'vitest/runners';
const { VitestTestRunner } = hasLegacyRunner
  ? ((await import(/* @vite-ignore */ runners)) as typeof import('vitest/runners'))
  : {};

/** Calls a function after everything of the test file that is being loaded. */
export function followLegacyFile(finish: () => Promise<void>): void {
  following().finish = finish;
}

/** Patches the runner of this worker, once. */
function following(): Following {
  const key = Symbol.for('pg-evict.vitest.runner/1');
  const prototype = VitestTestRunner?.prototype as unknown as Runner & Record<symbol, Following | undefined>;
  const known = prototype[key];
  if (known !== undefined) return known;
  const made: Following = { finish: undefined, release: undefined };
  const { onBeforeRunSuite, onAfterRunSuite } = prototype;
  prototype[key] = made;
  prototype.onBeforeRunSuite = async function (this: Runner, suite) {
    await onBeforeRunSuite?.call(this, suite);
    if ('filepath' in suite && made.finish !== undefined) made.release = hold(this, suite);
  };
  prototype.onAfterRunSuite = async function (this: Runner, suite) {
    await onAfterRunSuite?.call(this, suite);
    if (!('filepath' in suite)) return;
    const { finish, release } = made;
    Object.assign(made, { finish: undefined, release: undefined });
    await finish?.().catch((error: unknown) => fail(suite, error));
    await release?.();
  };
  return made;
}

/** The runner reports that a file is over before it runs the code that follows. */
function hold(runner: Runner, file: RunnerTestFile): () => Promise<void> {
  const { onTaskUpdate } = runner;
  let held: TaskEvent[] = [];
  runner.onTaskUpdate = async (packs, events) => {
    const isEnd = ([task, name]: TaskEvent): boolean => task === file.id && name === 'suite-finished';
    held = [...held, ...events.filter(isEnd)];
    await onTaskUpdate?.call(
      runner,
      packs,
      events.filter((event) => !isEnd(event)),
    );
  };
  return async () => {
    Object.assign(runner, { onTaskUpdate });
    if (held.length > 0) await onTaskUpdate?.call(runner, [[file.id, file.result, file.meta]], held);
  };
}

function fail({ result }: RunnerTestFile, error: unknown): void {
  if (result === undefined) throw error;
  const { name, message, stack } = error as Error;
  result.state = 'fail';
  (result.errors ??= []).push({ name, message, stack, stackStr: stack } as never);
}
