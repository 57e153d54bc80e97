import { median } from './median.mjs';

/** The median of what something took of what something else took in the same round, and the middle half of it. */
export function ratio(samples, floors, figure) {
  return middleHalf(
    samples.map((sample) => sample[figure] / floors.find(({ round }) => round === sample.round)[figure]),
  );
}

/** The median of some figures, and the middle half of them. */
export function middleHalf(figures) {
  const sorted = figures.toSorted((a, b) => a - b);
  const last = sorted.length - 1;
  return {
    middle: median(sorted),
    low: sorted[Math.floor(last * 0.25)],
    high: sorted[Math.ceil(last * 0.75)],
  };
}

/** As in a table: `1.08 (1.05–1.11)`. */
export function showRatio({ middle, low, high }) {
  if (Number.isNaN(middle)) return '';
  return `${middle.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
}
