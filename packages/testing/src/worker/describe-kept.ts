import type { FileDatabase, GivenBack } from './file-database.js';

/**
 * Says, without a password, where the database of a failed test file is.
 *
 * @param file its name for the message
 */
export function describeKept(
  file: string,
  { name, url }: NonNullable<GivenBack['kept']>,
  { server }: FileDatabase,
): string {
  const address = new URL(url);
  address.password = '';
  return `${file} failed. Its database was kept: ${address.href}\n${howLong(name, server)}`;
}

function howLong(name: string, { kind, watched }: FileDatabase['server']): string {
  if (watched) return "It stays until watch mode ends. The password is that in the tests' DATABASE_URL.";
  return kind === 'connection'
    ? `It stays for a week, or until pg-evict drop ${name}, or pg-evict sweep --kept.`
    : 'Its server ends with the run: configure a connection to look into it afterwards, or use --watch.';
}
