import {
  cloneDatabase,
  dropDatabase,
  recreateDatabase,
  renameDatabase,
  type OperationStep,
} from '@pg-evict/core';
import { failureOf } from '../../support/core/failure.js';
import { markerOf, privateDatabasesFor, targetOf } from '../../support/core/target.js';
import { Scratch } from '../../support/scratch.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

type Operate = (
  target: ReturnType<typeof targetOf>,
  options: { onStep: (step: OperationStep) => Promise<void> },
) => Promise<unknown>;

test.each<[string, OperationStep, Operate]>([
  ['recreate', 'settings-applied', recreateDatabase],
  ['drop', 'checked', dropDatabase],
  ['rename', 'checked', async (target, options) => renameDatabase(target, scratch.newName('to'), options)],
  ['clone', 'checked', async (target, options) => cloneDatabase(target, scratch.newName('to'), options)],
])(
  '%s of a database that somebody renames meanwhile says that there is none of that name, not that it stays as it was',
  async (_command, moment, operate) => {
    const [database, renamed] = [await scratch.database(), scratch.newName('renamed')];
    const onStep = async (step: OperationStep): Promise<void> => {
      if (step === moment) await renameDatabase(targetOf(database), renamed);
    };
    const error = await failureOf(operate(targetOf(database), { onStep }));
    expect(error).toMatchObject({ code: 'DATABASE_NOT_FOUND', database });
    expect(error.message).toBe(
      `Database "${database}" does not exist any more. It was renamed or dropped meanwhile.`,
    );
    expect(await markerOf(renamed)).toBe('old');
    expect(await privateDatabasesFor(database)).toEqual([]);
  },
);
