import { parseArgs } from 'node:util';

/** Reads the command line. `slope` is an option of `bench:jest` alone. */
export function readOptions({ slope = false } = {}) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      files: { type: 'string', default: '50' },
      workers: { type: 'string', default: '2' },
      tables: { type: 'string', default: '50' },
      json: { type: 'string' },
      ...(slope ? { slope: { type: 'string' } } : {}),
    },
  });
  const count = (name) => {
    const number = Number(values[name]);
    if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} takes a whole number above 0`);
    return number;
  };
  const [rounds, files, workers, tables] = ['rounds', 'files', 'workers', 'tables'].map(count);
  const options = { rounds, files, workers, tables, json: values.json };
  if (values.slope === undefined) return options;
  const more = count('slope');
  if (more <= files) throw new Error(`--slope takes a number of files above ${files}`);
  return { ...options, slope: more };
}
