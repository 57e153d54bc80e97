import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import type { ConnectionSettings } from '../connection/flatten-connection.js';
import { isServer, type SocketTarget } from './server-endpoint.js';

/** The address of a server, as far as it is known without connecting. */
export interface ServerPlace {
  /** As it was named; the folder of a Unix socket. */
  readonly host: string;
  /** The addresses that the name resolves to. */
  readonly addresses: readonly string[];
  readonly port: number;
}

/** The place that settings lead to, with libpq's defaults. Asks the resolver for the addresses of the host. */
export async function placeOf({ host, port }: ConnectionSettings): Promise<ServerPlace> {
  const name = host || process.env['PGHOST'] || 'localhost';
  const place = { host: name, port: Number(port ?? (process.env['PGPORT'] || 5432)) };
  if (name.startsWith('/')) return { ...place, addresses: ['127.0.0.1'] };
  // A name without addresses is compared as it is.
  const found = await lookup(name, { all: true }).catch(() => []);
  return { ...place, addresses: found.map(({ address }) => address) };
}

/**
 * Whether a socket leads to a server, as far as can be told: the same port, and the same name or address. Addresses of
 * this machine and of private networks count as the same: one server has many of them (`localhost`, that of a container,
 * of its host, of a network of containers).
 *
 * @param address of the socket's other end, once it is connected
 */
export function leadsTo(target: SocketTarget, address: string | undefined, place: ServerPlace): boolean {
  if (!isServer(target, { host: place.host, port: place.port })) return false;
  const known = place.addresses.map(plain);
  const isNearby = known.length === 0 || known.some(isNear);
  if (target.path !== null) return isNearby;
  if (target.host === place.host) return true;
  const to = address ?? target.host ?? '127.0.0.1';
  return known.includes(plain(to)) || (isNearby && (isNear(plain(to)) || !/^[\d.]+$|:/.test(to)));
}

/** An IPv4 address that is written as an IPv6 one, as IPv4. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '').toLowerCase();

const near = /^(?:127\.|10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|::1$|f[cd]|fe80:|localhost$)/;

function isNear(address: string): boolean {
  return (
    near.test(address) ||
    Object.values(networkInterfaces()).some((list) => list?.some((own) => own.address === address))
  );
}
