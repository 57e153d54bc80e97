import { randomUUID } from 'node:crypto';
import { withClient } from './with-client.mjs';

/**
 * Creates the database, its owner, and a developer who is no superuser: may create databases, and is a member of the
 * role the application logs in as. Returns how each of the two connects.
 */
export async function createDatabase({ host, port, user, password, database }) {
  const connectAs = (role) => ({ host, port, user: role, password: randomUUID(), database: 'app' });
  const application = connectAs('app');
  const developer = connectAs('dev');
  await withClient({ host, port, user, password, database }, async (client) => {
    await client.query(`CREATE ROLE app LOGIN PASSWORD '${application.password}'`);
    await client.query(`CREATE ROLE dev LOGIN CREATEDB PASSWORD '${developer.password}' IN ROLE app`);
    await client.query('CREATE DATABASE app OWNER app');
    await client.query(`COMMENT ON DATABASE app IS 'the shop, for development'`);
    await client.query(`ALTER DATABASE app SET timezone TO 'UTC'`);
  });
  await withClient(application, async (client) => {
    await client.query(
      'CREATE TABLE orders AS SELECT id, id * 10 AS amount FROM generate_series(1, 1000) AS id',
    );
  });
  return { application, developer };
}
