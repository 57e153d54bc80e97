import type { ConnectionFacts } from '@pg-evict/core';
import { testedMajors } from '../context/engine.js';
import { managedServiceOf } from '../context/managed-service.js';
import { networksOfThisMachine, whyElsewhere } from '../perform/elsewhere.js';
import { describeStandby } from '../report/standbys.js';
import { blocked } from '../terminal/exit-code.js';
import type { Finding } from './finding.js';

/** Such a server is not refused: the features that pg-evict needs have existed for long. */
function untestedFinding(major: number): Finding {
  const { oldest, newest } = testedMajors;
  return {
    topic: 'server',
    level: 'note',
    text: `pg-evict is not tested with PostgreSQL ${major}, only with ${oldest} to ${newest}.`,
  };
}

/** Describes the server of a connection, and the privileges of its role. */
export function connectionFindings(facts: ConnectionFacts): Finding[] {
  const { createdb, local, pooler, readAllStats, role, server, serviceRoles, signalBackend, superuser } =
    facts;
  const standby: Finding = {
    topic: 'server',
    level: 'problem',
    text: 'It is a standby, which only reads: only sessions and terminate will work.',
    remedy: 'Connect to the primary.',
    exitCode: blocked,
  };
  const quoted = `"${role.replaceAll('"', '""')}"`;
  const managed = managedServiceOf(serviceRoles);
  const service = managed?.name;
  const grant = (statement: string | null): string =>
    `${statement ?? ''}${service === undefined ? '' : ` (as a member of ${managed?.role ?? ''}, the administrator on ${service})`}`;
  const elsewhere = whyElsewhere(facts, networksOfThisMachine());
  const where = local && elsewhere === undefined ? 'on this machine' : 'not on this machine';
  return [
    {
      topic: 'server',
      level: 'ok',
      text: `${server}, PostgreSQL ${facts.serverVersion.split(' ', 1)[0] ?? ''}, ${service ?? where}`,
    },
    ...(facts.untestedMajor === null ? [] : [untestedFinding(facts.untestedMajor)]),
    ...(facts.standby ? [standby] : []),
    ...facts.standbys.map((each): Finding => ({
      topic: 'server',
      level: 'ok',
      text: `${describeStandby(each)} follows it: drop, recreate, fresh and restore terminate sessions there, too`,
    })),
    ...(facts.templateOutdated
      ? [
          {
            topic: 'server',
            level: 'problem',
            text: "template1 was made with another version of the operating system's collations: create, recreate, fresh and restore will fail.",
            remedy:
              'In database "template1": REINDEX DATABASE template1; then ALTER DATABASE template1 REFRESH COLLATION VERSION;',
            exitCode: blocked,
          } as const,
        ]
      : []),
    createdb
      ? { topic: 'role', level: 'ok', text: `${role}, ${superuser ? 'a superuser' : 'may create databases'}` }
      : {
          topic: 'role',
          level: 'note',
          text: `${role}, which may not create databases: commands that create or rename one will not work.`,
          remedy: `ALTER ROLE ${quoted} CREATEDB;`,
        },
    superuser
      ? { topic: 'sessions', level: 'ok', text: 'may terminate every session' }
      : signalBackend
        ? {
            topic: 'sessions',
            level: 'ok',
            text: `may terminate every session but those of superusers${service === undefined ? '' : `, which on ${service} are the provider's own`}`,
          }
        : {
            topic: 'sessions',
            level: 'note',
            text: `may terminate only sessions of ${role} and of the roles it is a member of`,
            remedy: grant(facts.grants.signalBackend),
          },
    ...(readAllStats
      ? []
      : [
          {
            topic: 'sessions',
            level: 'note',
            text: 'does not see the activity of other roles: filters by state, age and query skip their sessions',
            remedy: grant(facts.grants.readAllStats),
          } as const,
        ]),
    pooler
      ? {
          topic: 'pooler',
          level: 'problem',
          text: `${server} is a connection pooler (such as PgBouncer), not the server itself.`,
          remedy: 'Connect to the server itself: a pooler may hand our locks and settings to others.',
          exitCode: blocked,
        }
      : { topic: 'pooler', level: 'ok', text: 'none in between' },
  ];
}
