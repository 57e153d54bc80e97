import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { disconnect } from '../connection/silence.js';
import type { ConnectionSettings } from '../connection/flatten-connection.js';
import { pause, stateOf } from '../contract/deadline.js';
import { quoteIdentifier, quoteLiteral } from '../text/quote.js';

/** How long the console may take to answer, except for a PAUSE. */
const answerMs = 5000;

/** A row of `SHOW DATABASES`: an alias, and the database that it leads to. */
export interface AliasRow {
  readonly name: string;
  readonly host: string | null;
  readonly port: number;
  readonly database: string;
  readonly paused: number;
}

/** A row as it comes: numbers are text in some versions. */
type Raw<Row> = { readonly [Key in keyof Row]: Row[Key] extends number ? number | string : Row[Key] };

/** A row of `SHOW SERVERS`: a connection of the pooler's to a server. */
export interface ServerRow {
  /** The alias that it serves. */
  readonly database: string;
  /** The pid that the server gave it; 0 while it connects. */
  readonly remote_pid: number;
}

/** A row of `SHOW POOLS`: the clients of one user at one alias, and the connections for them. */
export interface PoolRow {
  /** The alias. */
  readonly database: string;
  readonly waitingClients: number;
  /** Connections to the server that are open. */
  readonly connections: number;
  /** Connections to the server that are being opened: one at a time. */
  readonly logins: number;
}

/**
 * A connection to the admin console of PgBouncer, which speaks PostgreSQL's protocol with statements of its own.
 *
 * @see https://www.pgbouncer.org/usage.html#admin-console
 */
export class PoolerConsole {
  /** Tells this connection from all others in `SHOW CLIENTS`. */
  readonly name: string;
  readonly #client: Client;

  private constructor(client: Client, name: string) {
    this.#client = client;
    this.name = name;
  }

  /** @throws the driver's error, or one that says that no answer came */
  static async open(settings: ConnectionSettings): Promise<PoolerConsole> {
    const name = `pg-evict ${randomBytes(6).toString('hex')}`;
    const client = new Client({
      ...settings,
      application_name: name,
      connectionTimeoutMillis: answerMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: 30_000,
    });
    // A connection that breaks while it is idle is noticed by the next statement.
    client.on('error', () => undefined);
    const console = new PoolerConsole(client, name);
    try {
      await client.connect();
    } catch (error) {
      await console.close();
      throw error;
    }
    return console;
  }

  /** The pooler's list of its aliases, without its own console. */
  async aliases(): Promise<AliasRow[]> {
    const rows = await this.#ask<Raw<AliasRow>>('SHOW DATABASES');
    return rows
      .map((row) => ({ ...row, port: Number(row.port), paused: Number(row.paused) }))
      .filter(({ name }) => name !== 'pgbouncer');
  }

  /** The connections that the pooler has to servers. */
  async servers(): Promise<ServerRow[]> {
    const rows = await this.#ask<Raw<ServerRow>>('SHOW SERVERS');
    return rows.map(({ database, remote_pid: pid }) => ({ database, remote_pid: Number(pid) }));
  }

  /** The pools of an alias. */
  async pools(alias: string): Promise<PoolRow[]> {
    const rows = await this.#ask<Readonly<Record<string, unknown>>>('SHOW POOLS');
    return rows
      .filter(({ database }) => database === alias)
      .map((row) => ({
        database: alias,
        waitingClients: Number(row['cl_waiting']),
        connections: ['sv_active', 'sv_idle', 'sv_used', 'sv_tested'].reduce(
          (sum, column) => sum + Number(row[column]),
          0,
        ),
        logins: Number(row['sv_login']),
      }));
  }

  /**
   * How long, in seconds as text, the pooler refuses its clients without connecting, after the server has refused it.
   */
  async loginRetry(): Promise<string | undefined> {
    const rows = await this.#ask<{ readonly key: string; readonly value: string }>('SHOW CONFIG');
    return rows.find(({ key }) => key === 'server_login_retry')?.value;
  }

  /** Changes that, until the pooler is restarted or reloads its file. */
  async setLoginRetry(seconds: string): Promise<void> {
    await this.#ask(`SET server_login_retry = ${quoteLiteral(seconds)}`);
  }

  /** Whether the pooler still has a connection of that name to its console. Versions up to 1.17 do not show it. */
  async hasClient(name: string): Promise<boolean> {
    const rows = await this.#ask<{ application_name?: string }>('SHOW CLIENTS');
    return rows.some((row) => row.application_name === name);
  }

  /** Whether another client is at the console. Connections without a name (up to 1.17) all count as others. */
  async hasOthers(): Promise<boolean> {
    const rows = await this.#ask<{ database: string; application_name?: string }>('SHOW CLIENTS');
    return rows.some((row) => row.database === 'pgbouncer' && row.application_name !== this.name);
  }

  /** @throws if the user may only read. Changes nothing: the console itself is never paused */
  async assertAdmin(): Promise<void> {
    try {
      await this.#ask('RESUME "pgbouncer"');
    } catch (error) {
      if (error instanceof Error && /admin access/i.test(error.message)) throw error;
    }
  }

  /**
   * Makes the clients of an alias wait, and resolves when none of its connections to the server is in use. The pause
   * stays in force when this connection ends. No other command can run on the connection meanwhile.
   */
  async pause(alias: string): Promise<void> {
    await this.#client.query(`PAUSE ${quoteIdentifier(alias)}`);
  }

  /** @throws the pooler's error if the alias is not paused */
  async resume(alias: string): Promise<void> {
    await this.#ask(`RESUME ${quoteIdentifier(alias)}`);
  }

  /** Closes the connection, even while a command runs on it. */
  async close(): Promise<void> {
    await disconnect(this.#client);
  }

  async #ask<Row extends object>(sql: string): Promise<Row[]> {
    const asking = this.#client.query<Row>(sql);
    const answer = stateOf(asking);
    await pause(answerMs, asking);
    if (answer.settled) return (await asking).rows;
    await this.close();
    throw new Error(`no answer within ${answerMs / 1000} s`);
  }
}

/** Whether the console refused to resume an alias because it is not paused, or does not exist any more. */
export function isNotPaused(error: unknown): boolean {
  return error instanceof Error && /is not paused|no such database/i.test(error.message);
}
