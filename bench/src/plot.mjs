import { drawLines } from './draw-lines.mjs';
import { methods } from './methods/index.mjs';
import { summarize } from './summarize.mjs';

/** Draws how long drop and create takes by the number of sessions. */
export function plot({ operations, machine }) {
  const samples = operations.filter(({ operation }) => operation === 'recreate');
  const counts = [...new Set(samples.map(({ sessions }) => sessions))];
  const lines = methods.map(({ name }) => ({
    name,
    points: counts.flatMap((count) => {
      const { ms } = summarize(
        samples.filter(({ method, sessions }) => method === name && sessions === count),
      );
      return ms === undefined ? [] : [{ count, ms }];
    }),
  }));
  return drawLines({
    title: `Drop and create, ms, by idle sessions (PostgreSQL ${machine.postgresql}, ${machine.cpus} CPUs)`,
    label: 'Milliseconds to drop and create a database by the number of sessions on it',
    counts,
    lines,
  });
}
