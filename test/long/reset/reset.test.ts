import {
  changeAndReset,
  disposeSubject,
  prepareSubject,
  type Tally,
} from '../../support/testing/exactness.js';
import { Scratch } from '../../support/scratch.js';
import { serverMajor } from '../../support/server.js';

/** How many resets for each role, and the first seed. */
const total = Number(process.env['RESETS'] ?? 200);
const firstSeed = Number(process.env['RESET_SEED'] ?? 1);

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

/** Kinds of changes that can be seen in a database's content, once they are committed. */
const visibleKinds = [
  'rows',
  'truncate',
  'sequences',
  'tables',
  'definitions',
  'triggers',
  'privileges',
  'large objects',
  'the database',
];

function print(who: string, { how, kinds }: Tally): void {
  const rows = Object.entries(kinds).map(
    ([kind, { made, refused, visible }]) =>
      `${kind.padEnd(20)}${[made, refused, visible].map((count) => String(count).padStart(10)).join('')}`,
  );
  process.stdout.write(
    [
      `\nChanges by ${who} (PostgreSQL ${serverMajor}, seeds from ${firstSeed}); resets: ${JSON.stringify(how)}`,
      `${''.padEnd(20)}      made   refused     alone and seen before the reset`,
      ...rows,
      '',
    ].join('\n'),
  );
}

test.each([
  ['a superuser', true],
  ['the owner', false],
])('whatever %s does to a database, after a reset it is what the template is', async (who, superuser) => {
  const subject = await prepareSubject(scratch, superuser);
  try {
    const seeds = Array.from({ length: total }, (_, index) => firstSeed + index);
    const tally = await changeAndReset(subject, seeds);
    print(who, tally);
    expect(tally.failures).toEqual([]);
    expect(Object.keys(tally.how).toSorted()).toEqual(['clone', 'rows', 'unchanged']);
    // What the dump cannot see before a reset, it would not miss after one. Few are alone in a short series.
    const unseen = visibleKinds.filter((kind) => tally.kinds[kind]?.visible === 0);
    expect(total < 200 ? [] : unseen).toEqual([]);
  } finally {
    await disposeSubject(subject);
  }
});
