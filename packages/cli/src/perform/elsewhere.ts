import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { ConnectionFacts } from '@pg-evict/core';
import { managedServiceOf } from '../context/managed-service.js';

/**
 * The reason why a server counts as being on another machine, worded to follow its name, although it may answer on this
 * machine's address, as with an SSH tunnel or a port forward. `undefined` if nothing shows it; a tunnel that ends on
 * the server's own host looks the same as a server on this machine.
 *
 * @param networks the networks of this machine, in CIDR notation
 */
export function whyElsewhere(
  {
    clientAddress,
    local,
    serverAddress,
    serviceRoles,
  }: Pick<ConnectionFacts, 'clientAddress' | 'local' | 'serverAddress' | 'serviceRoles'>,
  networks: readonly string[],
): string | undefined {
  if (!local) return 'is not on this machine';
  const service = managedServiceOf(serviceRoles);
  if (service?.isRemote === true) {
    return `leads to another machine: it is ${service.name}, as its role ${service.role} shows`;
  }
  return serverAddress === null || isNearby(serverAddress, clientAddress, networks)
    ? undefined
    : `leads to another machine: the server says that its address is ${serverAddress}`;
}

/** The networks of this machine's interfaces, in CIDR notation: `192.168.1.20/24`. */
export function networksOfThisMachine(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).flatMap(({ cidr }) => (cidr === null ? [] : [cidr])),
  );
}

/**
 * Whether a server's address is one of this machine's, or in a network of one of them, like a container's on Linux; or
 * that of a container whose host forwarded the connection.
 *
 * @param server `inet_server_addr()`
 * @param client `inet_client_addr()`
 */
export function isNearby(server: string, client: string | null, networks: readonly string[]): boolean {
  const own = blockList([...networks, '127.0.0.0/8', '::1/128']);
  return contains(own, server) || isContainer(server, client);
}

/** The networks that Docker and Podman give to containers by default. */
const containerNetworks = ['172.16.0.0/12', '192.168.0.0/16', '10.88.0.0/16'];

/** How large one of them can be: 172.18.0.0/16, 192.168.16.0/20, 192.168.5.0/24. */
const containerPrefixes = [16, 20, 24];

/** Whether a connection to a container came from the gateway of its network, which is the first address of that. */
function isContainer(server: string, client: string | null): boolean {
  if (client === null || !isIPv4(server) || !isIPv4(client)) return false;
  if (server === client || !contains(blockList(containerNetworks), server)) return false;
  return containerPrefixes.some((prefix) => {
    const network = networkOf(server, prefix);
    return network + 1 === toNumber(client) && network === networkOf(client, prefix);
  });
}

const toNumber = (address: string): number =>
  address.split('.').reduce((number, byte) => number * 256 + Number(byte), 0);

function networkOf(address: string, prefix: number): number {
  const size = 2 ** (32 - prefix);
  return Math.floor(toNumber(address) / size) * size;
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4');

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    list.addSubnet(address, Number(prefix), familyOf(address));
  }
  return list;
}

const contains = (list: BlockList, address: string): boolean => list.check(address, familyOf(address));
