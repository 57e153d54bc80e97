import { median } from '../src/median.mjs';
import { ratio, showRatio } from '../src/ratio.mjs';
import { table } from '../src/table.mjs';
import { kinds } from './methods.mjs';

/** What the figures were measured with. */
export function describe({ machine, loadAtEnd, workers, tables }) {
  const { postgresql, data, node, platform, cpus, cpu, load } = machine;
  return [
    `PostgreSQL ${postgresql}, data ${data}, fsync off; Node ${node}; ${platform}, ${cpus} CPUs (${cpu}), load ${load.toFixed(1)} before and ${loadAtEnd.toFixed(1)} after.`,
    `Jest with ${workers} workers; ${tables} tables.`,
  ];
}

/** All results as Markdown. `leftOut` says why a method was not measured, by its name. */
export function report(results, methods, leftOut) {
  const { rounds, files, samples, resets } = results;
  const middle = (kind, method) =>
    median(samples.filter((sample) => sample.kind === kind && sample.method === method).map(({ ms }) => ms));
  const of = (kind, method) => samples.filter((one) => one.kind === kind && one.method === method);
  const rows = methods.map(({ name }) => [
    name,
    ...kinds.flatMap((kind) => {
      const [own, floor] = [of(kind.name, name), of(kind.name, methods[0].name)];
      return [
        middle(kind.name, name).toFixed(0),
        showRatio(ratio(own, floor, 'ms')),
        showRatio(ratio(own, floor, 'cpuMs')),
      ];
    }),
  ]);
  const aims = ['aim for pg-evict', ...kinds.flatMap(({ aim }) => ['', `≤ ${aim}`, ''])];
  const changing = kinds.at(-1).name;
  const toForce = middle(changing, 'pg-evict') / middle(changing, 'DROP FORCE + CREATE TEMPLATE');
  return `${[
    ...describe(results),
    `Whole runs of Jest in milliseconds: ${files} files; medians of ${rounds} rounds, the methods take turns. Of the shared database, in the same round: elapsed time, and processor time of all processes of Jest and the server (the middle half in brackets).`,
    '',
    table(['', ...kinds.flatMap(({ name }) => [name, 'of shared', 'CPU of shared'])], [...rows, aims]),
    ...[...leftOut].map(([name, why]) => `\nLeft out: ${name} ${why}.`),
    '',
    `pg-evict of DROP FORCE + CREATE TEMPLATE, where rows change: ${toForce.toFixed(2)} (aim ≤ 0.6).`,
    '',
    'A database as it was, after rows were written to five tables, in milliseconds; medians of 20. Only the first puts back',
    'everything; a ROLLBACK forbids the test connections and transactions of its own, the others leave what they do not name.',
    '',
    table(
      ['', 'ms'],
      resets.map(({ name, ms }) => [name, ms.toFixed(1)]),
    ),
  ].join('\n')}\n`;
}
