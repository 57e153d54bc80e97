import { median } from '../src/median.mjs';
import { ratio, showRatio } from '../src/ratio.mjs';
import { table } from '../src/table.mjs';
import { kinds, methods, modes } from './kinds.mjs';

/** All results as Markdown. */
export function report({ machine, loadAtEnd, vitest, rounds, files, workers, tables, samples }) {
  const { postgresql, data, node, platform, cpus, cpu, load } = machine;
  const [floor, own] = methods;
  const rows = modes.flatMap((mode) =>
    kinds.map((kind) => {
      const of = ({ name }) =>
        samples.filter((one) => one.mode === mode.name && one.kind === kind.name && one.method === name);
      const [floors, owns] = [of(floor), of(own)];
      const ms = (some) => median(some.map((one) => one.ms)).toFixed(0);
      return [
        `${mode.name}, ${kind.name}`,
        ms(floors),
        ms(owns),
        showRatio(ratio(owns, floors, 'ms')),
        `≤ ${mode.aims[kind.name]}`,
        showRatio(ratio(owns, floors, 'cpuMs')),
      ];
    }),
  );
  return `${[
    `PostgreSQL ${postgresql}, data ${data}, fsync off; Vitest ${vitest}, Node ${node}; ${platform}, ${cpus} CPUs (${cpu}), load ${load.toFixed(1)} before and ${loadAtEnd.toFixed(1)} after.`,
    `Whole runs of Vitest in milliseconds: ${files} files, ${workers} workers (forks), ${tables} tables; medians of ${rounds} rounds, the methods take turns.`,
    'Of the shared database, in the same round (the middle half in brackets); processor time is that of all processes of Vitest and of the server.',
    '',
    table(['', floor.name, own.name, 'of shared', 'aim', 'CPU of shared'], rows),
  ].join('\n')}\n`;
}
