import { openPool } from './clients/pool.mjs';
import { openQuery } from './clients/query.mjs';
import { openReconnecting } from './clients/reconnecting.mjs';
import { openTransaction } from './clients/transaction.mjs';

/** Opens real sessions, one of each kind. */
export async function openClients({ application }) {
  const clients = [];
  const close = async () => {
    await Promise.all(clients.map(async (client) => client.close()));
  };
  try {
    for (const open of [openPool, openQuery, openTransaction, openReconnecting]) {
      clients.push(await open(application));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { all: clients, close };
}
