import { cloneDatabase, quoteIdentifier } from '@pg-evict/core';
import { commentStatement } from './comments.js';
import type { TestRun } from './test-run.js';

/** Makes a database that is a copy of the run's template, and as open as any. */
export async function copyTemplate({ control, server, template }: TestRun, name: string): Promise<void> {
  const { connection, target } = server;
  const database = quoteIdentifier(name);
  const owner = connection.user === target.connection.user ? undefined : connection.user;
  if (template.hasSettings) {
    await cloneDatabase({ ...target, database: template.name }, name, { keepSettings: true });
    await control.query(`ALTER DATABASE ${database} IS_TEMPLATE false ALLOW_CONNECTIONS true`);
    await control.query(commentStatement(name, template.comment));
    return;
  }
  await control.query(
    [
      `CREATE DATABASE ${database} TEMPLATE ${quoteIdentifier(template.name)}`,
      owner === undefined ? '' : ` OWNER ${quoteIdentifier(owner)}`,
      template.copiesFiles ? ' STRATEGY file_copy' : '',
    ].join(''),
  );
}
