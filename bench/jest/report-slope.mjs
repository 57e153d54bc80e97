import { median } from '../src/median.mjs';
import { middleHalf } from '../src/ratio.mjs';
import { table } from '../src/table.mjs';
import { kinds } from './methods.mjs';
import { describe } from './report.mjs';

/** What each further test file costs, as Markdown. */
export function reportSlope(results, [floor, own]) {
  const { rounds, files, slope, samples } = results;
  /** By round: what a further file takes. */
  const slopes = (kind, method, figure) => {
    const of = (size) =>
      samples
        .filter((one) => one.kind === kind.name && one.method === method.name && one.files === size)
        .toSorted((a, b) => a.round - b.round)
        .map((one) => one[figure]);
    const few = of(files);
    return of(slope).map((many, round) => (many - few[round]) / (slope - files));
  };
  const rows = kinds.map((kind) => [
    kind.name,
    ...['ms', 'cpuMs'].flatMap((figure) => {
      const [floors, owns] = [slopes(kind, floor, figure), slopes(kind, own, figure)];
      const more = owns.map((value, round) => value - floors[round]);
      return [median(floors).toFixed(1), median(owns).toFixed(1), show(middleHalf(more))];
    }),
    kind.aimPerFile === undefined ? '' : `≤ ${kind.aimPerFile}`,
  ]);
  const elapsed = [`${floor.name}`, own.name, 'more'];
  return `${[
    ...describe(results),
    `One further test file in milliseconds: whole runs of Jest of ${slope} files less those of ${files} in the same round, divided by ${slope - files}; medians of ${rounds} rounds, the middle half in brackets. "More" is what it takes beyond the shared database in the same round. Processor time is that of all processes of Jest and of the server.`,
    '',
    table(['', ...elapsed, ...elapsed.map((name) => `CPU: ${name}`), 'aim: more'], rows),
  ].join('\n')}\n`;
}

function show({ middle, low, high }) {
  if (Number.isNaN(middle)) return '';
  return `${middle.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
}
