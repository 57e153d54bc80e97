import type { DescribeBlock, TestEntry, TestEvent, TestState } from './jest-types.js';

/**
 * The phase that an event begins, for a report; `undefined` if it begins none. "During", as something that an earlier
 * test has left behind may open a connection then, too; the line tells. Concurrent tests begin with the run: no
 * event says which of them opens something.
 */
export function phaseOf({ name, test, hook }: TestEvent, hasConcurrent: boolean): string | undefined {
  if (hasConcurrent) {
    return /^(?:run|test_fn|hook)_start$/.test(name) ? 'while tests ran at the same time' : undefined;
  }
  if (name === 'test_fn_start' && test !== undefined) return `during "${titleOf(test)}"`;
  if (name === 'hook_start' && hook !== undefined) {
    const block = titles(hook.parent).join(' › ');
    return block === '' ? `during ${hook.type}` : `during ${hook.type} of "${block}"`;
  }
  return undefined;
}

/** Whether an event ends the running phase, or the loading of the file. */
export function endsPhase({ name }: TestEvent): boolean {
  return /^(?:run_start|(?:test_fn|hook)_(?:success|failure))$/.test(name);
}

/** Whether it contains concurrent tests, whose beginning no event reports. */
export function hasConcurrentTests({ children }: DescribeBlock): boolean {
  return children.some((child) =>
    child.type === 'test' ? child.concurrent === true : hasConcurrentTests(child),
  );
}

function titleOf(test: TestEntry): string {
  return [...titles(test.parent), test.name].join(' › ');
}

function titles({ name, parent }: DescribeBlock): string[] {
  return parent === undefined ? [] : [...titles(parent), name];
}

/** Whether a test of the file, or the file itself, has failed. */
export function hasFailed({ rootDescribeBlock, unhandledErrors }: TestState): boolean {
  return unhandledErrors.length > 0 || blockHasFailed(rootDescribeBlock);
}

function blockHasFailed({ children }: DescribeBlock): boolean {
  return children.some((child) => (child.type === 'test' ? child.errors.length > 0 : blockHasFailed(child)));
}
