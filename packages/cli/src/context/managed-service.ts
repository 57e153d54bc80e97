/** Roles that managed services create, and the service that each identifies. */
const services: Readonly<Record<string, string>> = {
  rds_superuser: 'Amazon RDS or Aurora',
  cloudsqlsuperuser: 'Google Cloud SQL',
  alloydbsuperuser: 'Google AlloyDB',
  azure_pg_admin: 'Azure Database for PostgreSQL',
  neon_superuser: 'Neon',
  supabase_admin: 'Supabase',
  doadmin: 'DigitalOcean',
  avnadmin: 'Aiven',
};

/** Services that developers also run on their own machine, with the same roles. */
const alsoLocal = new Set(['supabase_admin']);

/** A managed service, and the role that identifies it. */
export interface ManagedService {
  readonly role: string;
  readonly name: string;
  /** Whether it cannot be on a developer's machine. */
  readonly isRemote: boolean;
}

/** The managed service that the roles of a server identify. */
export function managedServiceOf(serviceRoles: readonly string[]): ManagedService | undefined {
  const known = serviceRoles.flatMap((role) => {
    const name = services[role];
    return name === undefined ? [] : [{ role, name, isRemote: !alsoLocal.has(role) }];
  });
  return known.find(({ isRemote }) => isRemote) ?? known[0];
}
