import { processState } from './process-state.js';

/** What variables were before they were lent; `undefined` where they were not set. */
type Before = Map<string, string | undefined>;

function before(): Before {
  return processState('environment/1', (): Before => new Map());
}

/**
 * Sets variables of this process itself, while a test file runs in it: what `child_process` starts without an `env` of
 * its own inherits those, not the ones that a sandbox of Jest shows.
 */
export function lendEnvironment(variables: Readonly<Record<string, string>>): void {
  takeBackEnvironment();
  for (const [name, value] of Object.entries(variables)) {
    before().set(name, process.env[name]);
    process.env[name] = value;
  }
}

/** Sets them to what they were. */
export function takeBackEnvironment(): void {
  for (const [name, value] of before()) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
  before().clear();
}
