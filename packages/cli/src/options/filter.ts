import type { SessionFilter } from '@pg-evict/core';
import { type Command, Option } from 'commander';
import { parseAge, parseList, parseState, wholeNumber } from './parse.js';

/** The options that pick sessions. */
export interface FilterOptions {
  readonly user?: readonly string[];
  readonly application?: readonly string[];
  readonly client?: readonly string[];
  readonly state?: readonly string[];
  readonly backendType?: readonly string[];
  readonly idleInTransaction?: number;
  readonly queryLongerThan?: number;
  readonly olderThan?: number;
  readonly blocking?: number;
  readonly blockingTable?: string;
  readonly rootBlockers?: true;
  readonly pids?: readonly string[];
}

/** The server has pids as int4. */
const maxPid = 2 ** 31 - 1;

export function addFilterOptions(command: Command): Command {
  const list = (flags: string, description: string): Option =>
    new Option(flags, description).argParser(parseList);
  const age = (flags: string, description: string): Option =>
    new Option(flags, description).argParser(parseAge);
  return command
    .optionsGroup('Filters (a session must match all; * and ? in patterns; comma lists):')
    .addOption(list('--user <pattern>', 'of these roles'))
    .addOption(list('--application <pattern>', 'with this application_name'))
    .addOption(list('--client <address>', 'from 10.1.*, 10.1.0.0/16, or [local] for Unix sockets'))
    .addOption(
      new Option('--state <state>', 'active, idle, "idle in transaction", "idle*", …').argParser(parseState),
    )
    .addOption(age('--idle-in-transaction <duration>', 'idle in a transaction for longer than 30s, 5m, …'))
    .addOption(age('--query-longer-than <duration>', 'with a query that has run for longer'))
    .addOption(age('--older-than <duration>', 'connected for longer'))
    .addOption(
      new Option(
        '--blocking <pid>',
        'that the session with this pid waits for, directly or indirectly',
      ).argParser(wholeNumber(1, maxPid)),
    )
    .option('--blocking-table <table>', 'that hold a lock on schema.table')
    .option(
      '--root-blockers',
      'at the head of a lock chain: other sessions wait for them, and they wait for none',
    )
    .addOption(list('--backend-type <type>', '"client backend", walsender, …'))
    .addOption(
      list('--pids <list>', 'exactly these, by pid, or by the session id that --dry-run and --json show'),
    );
}

/** The same, for core. */
export function toFilter(options: FilterOptions): SessionFilter {
  return {
    user: options.user,
    application: options.application,
    client: options.client,
    state: options.state,
    backendType: options.backendType,
    idleInTransactionMs: options.idleInTransaction,
    queryLongerThanMs: options.queryLongerThan,
    olderThanMs: options.olderThan,
    blocking: options.blocking,
    blockingTable: options.blockingTable,
    rootBlockers: options.rootBlockers,
    sessions: options.pids,
  };
}
