import { parseArgs } from 'node:util';

/** Reads the command line. */
export function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      files: { type: 'string', default: '50' },
      workers: { type: 'string', default: '2' },
      tables: { type: 'string', default: '50' },
      json: { type: 'string' },
    },
  });
  const [rounds, files, workers, tables] = ['rounds', 'files', 'workers', 'tables'].map((name) => {
    const count = Number(values[name]);
    if (!Number.isInteger(count) || count < 1) throw new Error(`--${name} takes a whole number above 0`);
    return count;
  });
  return { rounds, files, workers, tables, json: values.json };
}
