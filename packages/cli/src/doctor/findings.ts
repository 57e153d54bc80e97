import type { Diagnosis, KeptDatabase } from '@pg-evict/core';
import type { PausedPoolerAlias } from '@pg-evict/core/internal';
import { commandLine } from '../options/command-line.js';
import type { GlobalOptions } from '../options/global.js';
import { because } from '../sessions/list.js';
import { blocked, databaseMissing, done, sessionsRemain } from '../terminal/exit-code.js';
import { formatSize, formatTime } from '../terminal/format.js';
import { remedyOf } from '../terminal/words.js';
import { connectionFindings } from './connection-findings.js';
import type { Examination } from './examine.js';
import type { Finding } from './finding.js';
import { shownName } from '../terminal/shown-name.js';

/** Puts what was found into words. */
export function findingsOf(examination: Examination, options: GlobalOptions): Finding[] {
  const { connection, kept, leftovers } = examination;
  const left = new Set(leftovers.map(({ database }) => database));
  const wrecks = connection.invalidDatabases.filter((name) => !left.has(name));
  return [
    ...connectionFindings(connection),
    ...examination.paused.map((each) => pausedFinding(each, options)),
    ...databaseFindings(examination, options),
    ...(leftovers.length === 0
      ? [{ topic: 'leftovers', level: 'ok', text: 'none' } as const]
      : leftovers.map(({ database, kind, of }): Finding => ({
          topic: 'leftovers',
          level: 'problem',
          text:
            kind === 'held'
              ? `${shownName(database)} is the data of ${of === null ? 'a database that is gone' : shownName(of)}; its process was killed.`
              : `${shownName(database)} is left over from an operation on ${of === null ? 'a database that is gone' : shownName(of)}, which was killed or could not drop it.`,
          remedy:
            of === null && kind === 'held'
              ? 'pg-evict doctor <its name> --fix, or rename it by hand: nothing else has this data.'
              : commandLine('doctor --fix', undefined, options),
          exitCode: blocked,
        }))),
    ...kept.map((each) => keptFinding(each, options)),
    ...wrecks.map((name): Finding => ({
      topic: 'invalid',
      level: 'problem',
      text: `${shownName(name)} cannot be used any more: a DROP DATABASE was interrupted half-way.`,
      remedy: `DROP DATABASE "${name.replaceAll('"', '""')}";`,
      exitCode: blocked,
    })),
  ];
}

/** A person may have paused it, so use `--fix` only if you know that this is not the case. */
function pausedFinding(
  { alias, database, operating, url }: PausedPoolerAlias,
  options: GlobalOptions,
): Finding {
  const what = `Clients of ${alias} at ${url} wait: it is paused`;
  if (operating)
    return { topic: 'pooler', level: 'note', text: `${what} by an operation that is under way.` };
  return {
    topic: 'pooler',
    level: 'problem',
    text: `${what}, and no operation of pg-evict is under way.`,
    remedy: `If it was not paused on purpose: ${commandLine('doctor --fix', database, options)}`,
    exitCode: blocked,
  };
}

/** It holds its owner, the roles that have objects in it, and its tablespace; pg_upgrade refuses it. */
function keptFinding(
  { by, database, expired, of, owner, undroppable, until }: KeptDatabase,
  options: GlobalOptions,
): Finding {
  const what =
    of === null
      ? 'is kept, but its comment, which says of what, was changed'
      : `is ${shownName(of)} before ${by ?? ''}`;
  const time = expired ? 'its time is over' : `kept until ${formatTime(new Date(until))}`;
  const back = of === null ? '' : `To put it back: ${commandLine('undo', of, options)}; `;
  const drop = commandLine('drop', database, options);
  return {
    topic: 'kept',
    level: 'note',
    text: `${shownName(database)} ${what}; ${time}. Meanwhile role "${owner}", roles with objects in it and its tablespace cannot be dropped, and pg_upgrade refuses to run.`,
    remedy:
      undroppable !== null
        ? `${back}${back === '' ? 'It' : 'it'} is not dropped, because ${undroppable}.`
        : expired && of !== null
          ? `To drop it: ${commandLine('doctor --fix', undefined, options)}`
          : `${back}${back === '' ? 'To' : 'to'} drop it now: ${drop}`,
  };
}

/** The exit code of the findings: that of the first problem; sessions that may not be terminated come last. */
export function exitCodeOfFindings(findings: readonly Finding[]): number {
  const codes = findings.flatMap(({ exitCode }) => (exitCode === undefined ? [] : [exitCode]));
  return codes.find((code) => code !== sessionsRemain) ?? codes[0] ?? done;
}

/** Sessions end when they are terminated, unless their process is stopped, which no server shows. */
function nothingBut(blockers: Diagnosis['blockers']): string {
  const { length } = blockers.filter(({ session }) => session !== undefined);
  if (length === 0) return 'nothing';
  return `nothing but ${length} ${length === 1 ? 'session' : 'sessions'}, which operations terminate`;
}

function databaseFindings(
  { connection, description, diagnosis }: Examination,
  options: GlobalOptions,
): Finding[] {
  if (description === undefined) {
    return [
      { topic: 'database', level: 'note', text: 'none is named', remedy: 'pg-evict doctor <database>' },
    ];
  }
  const { database, exists, guarded, owner, ownershipRemedy, protection, sizeBytes } = description;
  if (diagnosis === undefined) {
    return [
      {
        topic: 'database',
        level: 'problem',
        text: `${shownName(database)} does not exist.`,
        remedy: `Check the name, which is case-sensitive. To create it: ${commandLine('create', database, options)}`,
        exitCode: databaseMissing,
      },
    ];
  }
  if (!exists) {
    const text = `${shownName(database)} has another name at this moment.`;
    return [{ topic: 'database', level: 'note', text }, ...obstacleFindings(diagnosis)];
  }
  const size = sizeBytes === null ? 'size unknown' : formatSize(sizeBytes);
  const sessions = diagnosis.blockers.filter(({ kind }) => kind === 'session').length;
  const protections = [
    ...(guarded === null ? [] : [`${shownName(database)} ${guarded}`]),
    ...(protection === null ? [] : [`protected${because(protection)}`]),
  ];
  return [
    {
      topic: 'database',
      level: 'ok',
      text: `${shownName(database)}, ${size}, owner ${owner ?? ''}, ${sessions} other ${sessions === 1 ? 'session' : 'sessions'}`,
    },
    ...(ownershipRemedy === null || guarded !== null
      ? []
      : [
          {
            topic: 'database',
            level: 'note',
            text: `${connection.role} does not have its owner's privileges: only terminate will work on it.`,
            remedy: ownershipRemedy,
          } as const,
        ]),
    ...(protections.length === 0 ? ['not protected'] : protections).map((text): Finding => ({
      topic: 'protection',
      level: 'ok',
      text,
    })),
    ...obstacleFindings(diagnosis),
  ];
}

/** The obstacles, and those that an operation removes by itself. */
function obstacleFindings(diagnosis: Diagnosis): Finding[] {
  const passing = diagnosis.blockers.filter(
    (blocker) => !diagnosis.standing.includes(blocker) && blocker.session === undefined,
  );
  return [
    ...(diagnosis.standing.length === 0
      ? [{ topic: 'in the way', level: 'ok', text: nothingBut(diagnosis.blockers) } as const]
      : diagnosis.standing.map((blocker): Finding => ({
          topic: 'in the way',
          level: 'problem',
          text: blocker.detail,
          remedy: remedyOf(blocker),
          exitCode: blocker.session === undefined ? blocked : sessionsRemain,
        }))),
    ...passing.map((blocker): Finding => ({
      topic: 'in the way',
      level: 'note',
      text: blocker.detail,
      remedy: remedyOf(blocker),
    })),
  ];
}
