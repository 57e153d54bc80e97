import { changeAndReset, disposeSubject, prepareSubject, type Tally } from './exactness.js';
import { Scratch } from '../scratch.js';
import { serverMajor } from '../server.js';

/** How many resets for each role, and the first seed. */
const total = Number(process.env['RESETS'] ?? 200);
const firstSeed = Number(process.env['RESET_SEED'] ?? 1);

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

/** Changes a database at random and resets it, hundreds of times; a test of its own for who changes it. */
export function testRandomResets(who: string, superuser: boolean): void {
  const scratch = new Scratch();
  afterAll(async () => scratch.cleanUp());

  test(`whatever ${who} does to a database, after a reset it is what the template is`, async () => {
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
}
