import { Client } from 'pg';
import { schemaOf } from './schema.mjs';

/** The databases the peers work with: a template to copy, the shared one, and one for each worker that truncates. */
export async function makeTemplate(server, tables) {
  const admin = new Client({ connectionString: server.url });
  await admin.connect();
  await admin.query('CREATE DATABASE bench_template');
  const { host, port, user, password } = server;
  const template = new Client({ host, port, user, password, database: 'bench_template' });
  await template.connect();
  await template.query(schemaOf(tables));
  await template.end();
  await admin.query('CREATE DATABASE bench_shared TEMPLATE bench_template');
  await admin.end();
}
