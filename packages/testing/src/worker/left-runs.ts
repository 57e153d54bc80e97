import { readHostVariable } from '../wire/host-variable.js';
import { readLegacy } from '../wire/hosted-runs.js';

/**
 * The runs of the host that this process belongs to, where that was killed and has not ended them: JSON, a list of what
 * `joinRun` takes.
 */
export function leftRuns(): string | undefined {
  const address = readHostVariable();
  return address === undefined ? undefined : readLegacy(address.folder);
}
