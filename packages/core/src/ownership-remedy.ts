import { quoteIdentifier } from './identifier.js';

/** Whose a database is. */
interface Ownership {
  readonly name: string;
  readonly owner: string;
  readonly ownerSuperuser: boolean;
}

/** The statement after which a role has the privileges of a database's owner, on that database. */
export function ownershipRemedy({ name, owner, ownerSuperuser }: Ownership, role: string): string {
  // Whoever is a member of a superuser may become one: too much for the sake of a database.
  return ownerSuperuser
    ? `ALTER DATABASE ${quoteIdentifier(name)} OWNER TO ${quoteIdentifier(role)};`
    : `GRANT ${quoteIdentifier(owner)} TO ${quoteIdentifier(role)};`;
}
