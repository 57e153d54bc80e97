/**
 * `PASSWORD '…'` of CREATE and ALTER ROLE, also in a string of SQL, and `password=…` of connection strings in SQL;
 * cut-off ones too.
 */
const passwords =
  /(\bpassword\s+E?|\bpassword\s*=\s*E?)(''[^']*(?:'')?|'(?:[^']|'')*'?|(?<==\s*)[^\s'";,)]+)/gi;

/** Takes passwords out of the query of a session: the server shows them to everybody who may see the query. */
export function redactQuery(query: string): string {
  return query.replaceAll(passwords, (_match, before: string, password: string) =>
    password.startsWith("'") ? `${before}'***'` : `${before}***`,
  );
}
