// That of the widest of the fonts below.
const columnWidth = 8.05;
const lineHeight = 19;
const margin = 16;

/** Codes of SGR that the command uses, as the classes of the picture; 0, 22 and 39 take them back. */
const classes = { 1: 'bold', 2: 'dim', 31: 'red', 32: 'green', 33: 'yellow', 36: 'cyan' };
const weights = new Set(['bold', 'dim']);

const style = `
  svg { --back: #ffffff; --edge: #d1d9e0; --text: #1f2328; --dim: #59636e; --red: #cf222e; --green: #1a7f37; --yellow: #9a6700; --cyan: #1b7c83 }
  @media (prefers-color-scheme: dark) {
    svg { --back: #0d1117; --edge: #3d444d; --text: #f0f6fc; --dim: #9198a1; --red: #ff7b72; --green: #3fb950; --yellow: #d29922; --cyan: #39c5cf }
  }
  rect { fill: var(--back); stroke: var(--edge) }
  text { fill: var(--text); font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace; white-space: pre }
  .bold { font-weight: 600 } .dim { fill: var(--dim) } .red { fill: var(--red) } .green { fill: var(--green) }
  .yellow { fill: var(--yellow) } .cyan { fill: var(--cyan) }
`;

/** Draws what a terminal shows, its colours included, for light and dark pages. */
export function toSvg(output, title) {
  const lines = output.trimEnd().split('\n');
  const columns = Math.max(
    ...lines.map((line) => spansOf(line).reduce((sum, { text }) => sum + text.length, 0)),
  );
  const width = Math.ceil(columns * columnWidth + 2 * margin);
  const height = lines.length * lineHeight + 2 * margin;
  const drawn = lines.map((line, index) => {
    const spans = spansOf(line).map(({ text, names }) =>
      names.length === 0 ? escape(text) : `<tspan class="${names.join(' ')}">${escape(text)}</tspan>`,
    );
    return `  <text x="${margin}" y="${margin + (index + 0.75) * lineHeight}">${spans.join('')}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">`,
    `  <style>${style}  </style>`,
    `  <rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

/** A line as pieces of one look each. */
function spansOf(line) {
  const spans = [];
  let names = [];
  // oxlint-disable-next-line no-control-regex -- escape sequences are what is read here
  for (const [, codes, text] of line.matchAll(/(?:\u001B\[([\d;]*)m)?([^\u001B]*)/g)) {
    for (const code of codes === undefined ? [] : codes.split(';').map(Number)) {
      if (code === 0) names = [];
      else if (code === 22) names = names.filter((name) => !weights.has(name));
      else if (code === 39) names = names.filter((name) => weights.has(name));
      else if (classes[code] === undefined) throw new Error(`SGR ${code} is not drawn`);
      else names = [...names, classes[code]];
    }
    if (text !== '') spans.push({ text, names });
  }
  return spans;
}

const escape = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
