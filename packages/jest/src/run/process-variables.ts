import { processState } from './process-state.js';

/** The variables of this process before some were lent; `undefined` where none are. */
interface Before {
  environment: NodeJS.ProcessEnv | undefined;
}

function before(): Before {
  return processState('environment/2', (): Before => ({ environment: undefined }));
}

/**
 * Sets variables of this process itself, while a test file runs in it: a process started by `child_process` without an
 * `env` of its own inherits those, not the ones that a sandbox of Jest shows.
 *
 * @param set changes the variables that it is given
 */
export function lendEnvironment(set: (environment: NodeJS.ProcessEnv) => void): void {
  takeBackEnvironment();
  const environment = { ...process.env };
  const changed = { ...environment };
  set(changed);
  before().environment = Object.fromEntries(
    [...new Set([...Object.keys(environment), ...Object.keys(changed)])]
      .filter((name) => environment[name] !== changed[name])
      .map((name) => [name, environment[name]]),
  );
  set(process.env);
}

/** Restores their previous values. */
export function takeBackEnvironment(): void {
  const { environment } = before();
  for (const [name, value] of Object.entries(environment ?? {})) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
  before().environment = undefined;
}
