import type { RunInvitation, TestDatabase } from '@pg-evict/testing';

/** Says, without a password, where the database of a failed test file is. */
export function describeKept(file: string, { name, url }: TestDatabase, { server }: RunInvitation): string {
  const address = new URL(url);
  address.password = '';
  const what = `${file} failed. Its database was kept: ${address.href}\n`;
  return server.kind === 'connection'
    ? `${what}It stays for a week, or until pg-evict drop ${name}, or pg-evict sweep --kept.\n`
    : `${what}Its server ends with the run: configure a connection to look into it afterwards, or use --watch.\n`;
}
