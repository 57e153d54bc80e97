import { Scratch } from '../../support/scratch.js';
import { serverMajor } from '../../support/server.js';
import { changeAndReset, disposeSubject, prepareSubject } from '../../support/testing/exactness.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

/** The long run, on 18, is a script of its own: `pnpm test:reset`. Other majors have enough of them here. */
const [count, ways] = serverMajor === 18 ? [12, ['clone']] : [24, ['clone', 'rows', 'unchanged']];
const seeds = Array.from({ length: count }, (_, index) => index + 1);

test.each([
  ['a superuser', true],
  ['the owner', false],
])(
  'whatever %s does to a database, after a reset it is what the template is',
  async (_who, superuser) => {
    const subject = await prepareSubject(scratch, superuser);
    try {
      const { how, failures } = await changeAndReset(subject, seeds);
      expect(failures).toEqual([]);
      expect(Object.keys(how)).toEqual(expect.arrayContaining(ways));
    } finally {
      await disposeSubject(subject);
    }
  },
  900_000,
);
