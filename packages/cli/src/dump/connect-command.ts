/** The meaning of a line that begins with a backslash. */
export type DumpCommand =
  | { readonly kind: 'connect'; readonly name: string; readonly database: string }
  | { readonly kind: 'harmless' }
  | { readonly kind: 'other'; readonly name: string };

/** The commands of psql that pg_dump has written since 2025: they turn off all others. */
const harmless = /^\\(?:un)?restrict(?:\s|$)/;

/** `\connect app`, `\connect "my app"`, `\connect -reuse-previous=on "dbname='it''s'"` */
const connect = /^\\(?:c|connect)\s+(-reuse-previous=on\s+)?(?:"((?:[^"]|"")*)"|([^\s"'\\:;]+))\s*$/;

/** Reads a line that psql would treat as a command. None is ever run. */
export function readCommand(line: string): DumpCommand {
  if (harmless.test(line)) return { kind: 'harmless' };
  const [, reuse, quoted, plain] = connect.exec(line) ?? [];
  const argument = quoted?.replaceAll('""', '"') ?? plain;
  const database = reuse === undefined ? argument : databaseOf(argument ?? '');
  // A connection string may lead to another server. The text after the name may hold a password.
  const [name = '\\'] = line.trim().split(/\s/, 1);
  if (database !== undefined && (reuse !== undefined || !/=|:\/\//.test(database))) {
    return { kind: 'connect', name, database };
  }
  return { kind: 'other', name };
}

/** The name in a connection string that contains only a name. */
function databaseOf(text: string): string | undefined {
  const [, quoted, plain] = /^dbname=(?:'((?:[^'\\]|\\.)*)'|([^\s'\\]+))$/s.exec(text) ?? [];
  return quoted?.replaceAll(/\\(.)/gs, '$1') ?? plain;
}
