import { dropDatabase, recreateDatabase } from '@pg-evict/core';

/** Ours. Connects by itself, from the same settings. */
export const pgEvict = {
  name: 'pg-evict',
  drop: async ({ maintenance, database }) => dropDatabase({ connection: maintenance, database }),
  recreate: async ({ maintenance, database }) => recreateDatabase({ connection: maintenance, database }),
};
