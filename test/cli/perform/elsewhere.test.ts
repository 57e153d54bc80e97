import { isNearby, whyElsewhere } from '../../../packages/cli/src/perform/elsewhere.js';

/** A laptop on a home network, with Docker's bridge. */
const laptop = [
  '127.0.0.1/8',
  '::1/128',
  '192.168.1.20/24',
  '172.17.0.1/16',
  'fe80::1/64',
  'fd12:3456::5/64',
];
/** A Mac: Docker's networks are in its virtual machine. */
const mac = ['127.0.0.1/8', '::1/128', '192.168.1.20/24'];

describe("whether a server that answers on this machine's address is on this machine", () => {
  test.each([
    ['itself', '127.0.0.1', '127.0.0.1', mac, true],
    ['itself, by another address of loopback', '127.0.1.1', '127.0.0.1', mac, true],
    ['itself, by IPv6', '::1', '::1', mac, true],
    ['itself, by the address of its interface', '192.168.1.20', '192.168.1.20', mac, true],
    ["a container on Docker's bridge, on Linux", '172.17.0.2', '172.17.0.1', laptop, true],
    ["a container on Docker's bridge, on a Mac", '172.17.0.2', '172.17.0.1', mac, true],
    ['a container of compose', '172.18.0.3', '172.18.0.1', mac, true],
    ['a container of compose, when 172.16.0.0/12 is used up', '192.168.16.2', '192.168.16.1', mac, true],
    ['a container at the end of such a network', '192.168.31.254', '192.168.16.1', mac, true],
    ["a container in Docker Desktop's network", '192.168.65.3', '192.168.65.1', mac, true],
    ['a container in a network of 256 addresses', '172.28.5.4', '172.28.5.1', mac, true],
    ['a container of Podman', '10.88.0.7', '10.88.0.1', mac, true],
    [
      "a container in a network that is this machine's, by IPv6",
      'fd12:3456::9',
      'fd12:3456::1',
      laptop,
      true,
    ],
    ['a cloud network behind an SSH tunnel', '10.0.3.7', '10.0.1.4', laptop, false],
    ['a cloud network that looks like containers', '172.31.5.20', '172.31.9.14', mac, false],
    ['a network that is not a container network', '10.89.0.7', '10.89.0.1', mac, false],
    ['a container network, not from its gateway', '172.18.0.3', '172.18.0.2', mac, false],
    ['a container network, from the gateway of another', '172.18.0.3', '172.19.0.1', mac, false],
    ['a container network, by a Unix socket of a proxy', '172.18.0.3', null, mac, false],
    ['the gateway itself', '172.18.0.1', '172.18.0.1', mac, false],
    ['another machine of another network', '192.168.2.5', '192.168.2.9', mac, false],
    ['a public address', '203.0.113.9', '198.51.100.7', laptop, false],
    ['a public address, from a .1', '203.0.113.9', '203.0.113.1', laptop, false],
    ['a public address, by IPv6', '2001:db8::9', '2001:db8::1', laptop, false],
  ])('%s: %s, to which we are %s', (_what, server, client, networks, expected) => {
    expect(isNearby(server, client, networks)).toBe(expected);
  });

  test.each([
    [
      'a role that only a managed service has',
      ['rds_superuser'],
      'leads to another machine: it is Amazon RDS or Aurora, as its role rds_superuser shows',
    ],
    [
      'one of several',
      ['supabase_admin', 'neon_superuser'],
      'leads to another machine: it is Neon, as its role neon_superuser shows',
    ],
    ['a role that Supabase has on a laptop, too', ['supabase_admin'], undefined],
    ['none', [], undefined],
  ])('roles: %s', (_what, serviceRoles, expected) => {
    const why = whyElsewhere({ local: true, serverAddress: null, clientAddress: null, serviceRoles }, mac);
    expect(why).toBe(expected);
  });
});
