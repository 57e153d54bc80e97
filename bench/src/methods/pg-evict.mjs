import { dropDatabase, recreateDatabase } from '@pg-evict/core';

/** Ours. Connects by itself, from the same settings. */
export const pgEvict = {
  name: 'pg-evict',
  drop: async ({ maintenance, database }, connected) =>
    dropDatabase({ connection: maintenance, database }, whenConnected(connected)),
  recreate: async ({ maintenance, database }, connected) =>
    recreateDatabase({ connection: maintenance, database }, whenConnected(connected)),
};

function whenConnected(connected) {
  return { onStep: (step) => (step === 'connected' ? connected?.() : undefined) };
}
