import type { TestDatabase } from '@pg-evict/testing';
import type { JestRun } from './runs-variable.js';

/** Says, without a password, where the database of a failed test file is. */
export function describeKept(file: string, { name, url }: TestDatabase, run: JestRun): string {
  const address = new URL(url);
  address.password = '';
  return `${file} failed. Its database was kept: ${address.href}\n${howLong(name, run)}\n`;
}

function howLong(name: string, { server, watched = false }: JestRun): string {
  if (watched) return "It stays until watch mode ends. The password is that in the tests' DATABASE_URL.";
  return server.kind === 'connection'
    ? `It stays for a week, or until pg-evict drop ${name}, or pg-evict sweep --kept.`
    : 'Its server ends with the run: configure a connection to look into it afterwards, or use --watch.';
}
