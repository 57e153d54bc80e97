const [width, height] = [720, 300];
const area = { left: 48, right: 580, top: 40, bottom: 260 };

const style = `
  svg { --back: #ffffff; --edge: #d1d9e0; --text: #1f2328; --dim: #59636e; --line-0: #0969da; --line-1: #9a6700; --line-2: #8250df }
  @media (prefers-color-scheme: dark) {
    svg { --back: #0d1117; --edge: #3d444d; --text: #f0f6fc; --dim: #9198a1; --line-0: #4493f8; --line-1: #d29922; --line-2: #ab7df8 }
  }
  text { fill: var(--dim); font: 12px system-ui, sans-serif } .title { fill: var(--text); font-weight: 600 }
  .back { fill: var(--back) } .grid { stroke: var(--edge) } path { fill: none; stroke-width: 2 }
`;

/**
 * Draws milliseconds by a count, for light and dark pages.
 *
 * @param drawing `counts` are where the points stand; where `isToScale`, as far apart as they are, else equally
 */
export function drawLines({ title, label, lines, counts, isToScale = false }) {
  const most = Math.ceil(Math.max(...lines.flatMap(({ points }) => points.map(({ ms }) => ms))) / 50) * 50;
  const part = (count) =>
    isToScale ? count / Math.max(1, ...counts) : counts.indexOf(count) / Math.max(1, counts.length - 1);
  const x = (count) => area.left + part(count) * (area.right - area.left);
  const y = (ms) => area.bottom - (ms / most) * (area.bottom - area.top);
  const step = most > 500 ? 100 : 50;
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">`,
    `  <style>${style}  </style>`,
    `  <rect class="back" width="${width}" height="${height}" rx="8"/>`,
    `  <text class="title" x="${area.left}" y="24">${title}</text>`,
    ...ticks.flatMap((ms) => [
      `  <line class="grid" x1="${area.left}" x2="${area.right}" y1="${y(ms)}" y2="${y(ms)}"/>`,
      `  <text x="${area.left - 8}" y="${y(ms) + 4}" text-anchor="end">${ms}</text>`,
    ]),
    ...counts.map(
      (count) => `  <text x="${x(count)}" y="${area.bottom + 20}" text-anchor="middle">${count}</text>`,
    ),
    ...lines.map(
      ({ points }, index) =>
        `  <path stroke="var(--line-${index})" d="M${points.map(({ count, ms }) => `${x(count)},${y(ms).toFixed(1)}`).join('L')}"/>`,
    ),
    ...spread(lines.map(({ name, points }) => ({ name, at: y(points.at(-1)?.ms ?? 0) }))).map(
      ({ name, at, index }) =>
        `  <text x="${area.right + 8}" y="${at + 4}" style="fill: var(--line-${index})">${name}</text>`,
    ),
    '</svg>',
    '',
  ].join('\n');
}

/** Moves labels apart that would stand on each other. */
function spread(labels) {
  const sorted = labels
    .map((label, index) => ({ ...label, index }))
    .toSorted((one, other) => one.at - other.at);
  let last = -Infinity;
  for (const label of sorted) {
    label.at = Math.max(label.at, last + 15);
    last = label.at;
  }
  return sorted;
}
