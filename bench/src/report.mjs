import { aimAt } from './aims.mjs';
import { methods } from './methods/index.mjs';
import { summarize } from './summarize.mjs';
import { table } from './table.mjs';

const titles = { drop: 'Drop', recreate: 'Drop and create (pg-evict: recreate)' };

/** All results as Markdown. */
export function report({ machine, loadAtEnd, rounds, operations, commands, success }) {
  const { postgresql, data, node, platform, cpus, cpu, load } = machine;
  return `${[
    `PostgreSQL ${postgresql}, data ${data}, fsync off; Node ${node}; ${platform}, ${cpus} CPUs (${cpu}), load ${load.toFixed(1)} before and ${loadAtEnd.toFixed(1)} after.`,
    `Medians of ${rounds} rounds in milliseconds; the methods take turns. Connecting and disconnecting are included for all:`,
    'pg-evict opens two connections, the others one; "once connected" is the ratio to FORCE without that. The one-liner is',
    '`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = … AND pid <> pg_backend_pid()`.',
    ...['drop', 'recreate'].map((operation) => operationTable(operation, operations)),
    ...(success.length === 0 ? [] : [successTable(success)]),
    commandTable(commands),
  ].join('\n')}\n`;
}

function operationTable(operation, operations) {
  const samples = operations.filter((sample) => sample.operation === operation);
  const counts = [...new Set(samples.map(({ sessions }) => sessions))];
  const rows = counts.map((count) => {
    const [ours, force, oneLiner] = methods.map(({ name }) =>
      summarize(samples.filter((sample) => sample.sessions === count && sample.method === name)),
    );
    const aim = aimAt(count);
    return [
      String(count),
      ...[ours, force, oneLiner].map(figure),
      ratio(ours, force),
      ratio({ ms: ours.workMs }, { ms: force.workMs }),
      aim === undefined ? '' : `≤ ${aim}`,
      ratio(ours, oneLiner),
    ];
  });
  const names = methods.map(({ name }) => name);
  return `\n### ${titles[operation]}\n\n${table(
    ['idle sessions', ...names, 'of FORCE', 'once connected', 'aim', 'of one-liner'],
    rows,
  )}`;
}

function successTable(success) {
  const rows = methods.map(({ name }) => {
    const samples = success.filter(({ method }) => method === name);
    const summary = summarize(samples);
    const refused = samples.reduce((sum, sample) => sum + sample.refused, 0) / samples.length;
    return [
      name,
      `${summary.succeeded} of ${summary.tries}`,
      summary.ms === undefined ? '' : summary.ms.toFixed(0),
      refused.toFixed(1),
      name === 'pg-evict' ? 'all' : '',
    ];
  });
  return `\n### Drop and create against ${success[0].clients} clients that reconnect at once\n\n${table(
    ['', 'succeeded', 'median ms', 'refused attempts each', 'aim'],
    rows,
  )}`;
}

function commandTable(commands) {
  const lines = [...new Set(commands.map(({ command }) => command))];
  const ours = summarize(commands.filter(({ method }) => method === 'pg-evict'));
  const rows = lines.map((line) => {
    const samples = commands.filter(({ command }) => command === line);
    const isOurs = samples[0].method === 'pg-evict';
    const summary = summarize(samples);
    return [line, figure(summary), isOurs ? '' : ratio(ours, summary), isOurs ? '' : '≤ 1'];
  });
  const missing = lines.length > 1 ? '' : '\n\nLeft out: dropdb and createdb are not installed.';
  return `\n### The whole command with ${commands[0].sessions} sessions, process start included\n\n${table(
    ['', 'median ms', 'pg-evict of it', 'aim'],
    rows,
  )}${missing}`;
}

function figure({ ms, succeeded, tries }) {
  const failed = tries - succeeded;
  const value = ms === undefined ? '–' : ms.toFixed(ms < 100 ? 1 : 0);
  return failed === 0 ? value : `${value} (${failed} of ${tries} failed)`;
}

function ratio(ours, theirs) {
  return ours.ms === undefined || theirs.ms === undefined ? '–' : (ours.ms / theirs.ms).toFixed(2);
}
