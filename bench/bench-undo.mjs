// Whether a recreate that keeps the old content takes longer than one that drops it. See README.md.
import { measureUndo } from './src/measure-undo.mjs';
import { describeMachine } from './src/describe-machine.mjs';
import { median } from './src/median.mjs';
import { startProgress } from './src/progress.mjs';
import { startBenchServer } from './src/start-bench-server.mjs';
import { table } from './src/table.mjs';

const pairs = Number(process.argv[2] ?? 40);
const progress = startProgress();
const bench = await startBenchServer();
try {
  const samples = await measureUndo(bench, { pairs }, progress);
  progress.stop();
  const of = (wanted) =>
    samples.filter(({ method }) => method === wanted).toSorted((a, b) => a.pair - b.pair);
  const without = of('without undo');
  const ratios = of('with undo').map(({ ms }, at) => ms / without[at].ms);
  const quantile = (values, share) =>
    values.toSorted((a, b) => a - b)[Math.round(share * (values.length - 1))];
  const row = (method) => [method, median(of(method).map(({ ms }) => ms)).toFixed(1)];
  const spread = `${quantile(ratios, 0.25).toFixed(2)}–${quantile(ratios, 0.75).toFixed(2)}`;
  process.stdout.write(
    `${JSON.stringify(describeMachine(bench.server))}\n\n${table(
      ['recreate', `median ms of ${pairs}`, 'ratio, median of pairs', 'middle half of pairs'],
      [
        [...row('without undo'), '', ''],
        [...row('with undo'), median(ratios).toFixed(3), spread],
      ],
    )}\n`,
  );
  if (samples.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
} finally {
  progress.stop();
  await bench.stop();
}
