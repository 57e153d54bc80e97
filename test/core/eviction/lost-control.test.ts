import {
  dropDatabase,
  type OperationOptions,
  recreateDatabase,
  renameDatabase,
  swapDatabase,
  type Target,
  withExclusiveAccess,
} from '@pg-evict/core';
import { proxied } from '../../support/core/lost-connections.js';
import { markerOf, privateDatabasesFor } from '../../support/core/target.js';
import { Scratch } from '../../support/scratch.js';
import { databaseExists, serverUrl } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

/** A nap of a waiting statement lasts 100 ms. */
const longerThanANapMs = 500;

interface Names {
  readonly database: string;
  readonly other: string;
}

type Operation = (target: Target, names: Names, options: OperationOptions) => Promise<{ changed: boolean }>;

/** Operations, with the content that the two names have after them. */
const operations: Record<string, readonly [Operation, readonly [string | null, string | null]]> = {
  drop: [async (target, _names, options) => dropDatabase(target, options), [null, 'old']],
  recreate: [async (target, _names, options) => recreateDatabase(target, options), ['', 'old']],
  rename: [
    async (target, { database }, options) =>
      renameDatabase(target, scratch.forget(`${database}_to`), options),
    [null, 'old'],
  ],
  swap: [async (target, { other }, options) => swapDatabase(target, other, options), ['old', 'old']],
  run: [
    async (target, _names, options) => withExclusiveAccess(target, () => 'had it', options),
    ['old', 'old'],
  ],
};

// The connection that terminates the sessions is lost when the last one has left, and another connection takes a while.
// The statement goes on by itself meanwhile.
test.each(Object.keys(operations))(
  '%s succeeds if its statement does, although the connection that terminates sessions is lost',
  async (name) => {
    const [operation, contents] = operations[name] as (typeof operations)[string];
    const names = { database: await scratch.database(), other: await scratch.database() };
    const { proxy, target } = await proxied(names.database);
    const session = await openSession(serverUrl({ database: names.database }));
    const onStep = (): void => {
      proxy.cutAt(/NOTIFY/, 1);
      proxy.delayNew(longerThanANapMs);
    };
    const report = await operation(target, names, { onStep }).catch((error: unknown) => error);
    const found = await Promise.all(
      Object.values(names).map(async (one) =>
        (await databaseExists(one)) ? ((await markerOf(one)) ?? '') : null,
      ),
    );
    expect({ report, found }).toEqual({
      report: expect.objectContaining({ changed: true, leftovers: [] }) as unknown,
      found: contents,
    });
    expect(await privateDatabasesFor(names.database)).toEqual([]);
    expect(await session.ended).toBe('57P01');
    proxy.stop();
  },
);
