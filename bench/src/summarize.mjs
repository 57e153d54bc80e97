import { median } from './median.mjs';

/** Median of those that succeeded, and how many did. */
export function summarize(samples) {
  const succeeded = samples.filter(({ failure }) => failure === undefined);
  return {
    ms: median(succeeded.map(({ ms }) => ms)),
    workMs: median(succeeded.map(({ workMs }) => workMs)),
    succeeded: succeeded.length,
    tries: samples.length,
  };
}
