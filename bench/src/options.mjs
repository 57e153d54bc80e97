import { parseArgs } from 'node:util';

const usage = `Usage: corepack pnpm bench [options]

  --rounds <n>      how often everything is measured (default: 9)
  --tries <n>       tries against clients that reconnect (default: 10)
  --sessions <n,…>  idle sessions on the database (default: 0,1,10,50,100,300; at most 350)
  --json <file>     also write the raw figures
  --plot <file>     also draw them (SVG)

PG_VERSION picks another major version of PostgreSQL than 18.
`;

/** Reads the command line; shows how it is used and exits where it cannot be read. */
export function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string', default: '9' },
        tries: { type: 'string', default: '10' },
        sessions: { type: 'string', default: '0,1,10,50,100,300' },
        json: { type: 'string' },
        plot: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return exitWithUsage(0);
    return {
      rounds: toCount(values.rounds, 1, 1000),
      tries: toCount(values.tries, 0, 1000),
      sessions: values.sessions.split(',').map((text) => toCount(text, 0, 350)),
      json: values.json,
      plot: values.plot,
    };
  } catch (error) {
    process.stderr.write(`${error.message}\n\n`);
    return exitWithUsage(2);
  }
}

function toCount(text, least, most) {
  const count = Number(text);
  if (text !== '' && Number.isInteger(count) && count >= least && count <= most) return count;
  throw new Error(`"${text}" is not a number from ${least} to ${most}.`);
}

function exitWithUsage(code) {
  process.stderr.write(usage);
  // oxlint-disable-next-line no-process-exit -- nothing has been started yet
  return process.exit(code);
}
