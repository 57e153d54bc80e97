import { readHostVariable } from '../wire/host-variable.js';
import { readLegacy } from '../wire/hosted-runs.js';

/**
 * The runs of the host that this process belongs to, if that was killed and has not ended them: JSON, a list of inputs
 * of `joinRun`.
 */
export function leftRuns(): string | undefined {
  const address = readHostVariable();
  return address === undefined ? undefined : readLegacy(address.folder);
}
