import type { ConnectionSettings } from '@pg-evict/core';
import { quoteIdentifier } from '@pg-evict/core/internal/text';
import { askOnce } from './ask-once.js';

/**
 * Drops the subscriptions that a dump has made in a new database which is given up: they would keep it from being
 * dropped. The publishing servers are not contacted. Failures are ignored.
 */
export async function dropSubscriptions(connection: ConnectionSettings): Promise<void> {
  try {
    const rows = await askOnce<{ name: string }>(
      connection,
      `SELECT s.subname AS name FROM pg_catalog.pg_subscription s
       JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) s.subdbid
       WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()`,
    );
    for (const { name } of rows) {
      const subscription = quoteIdentifier(name);
      // With a slot, DROP SUBSCRIPTION would have to reach the publisher. One string is one transaction.
      await askOnce(
        connection,
        `ALTER SUBSCRIPTION ${subscription} DISABLE; ALTER SUBSCRIPTION ${subscription} SET (slot_name = NONE);
         DROP SUBSCRIPTION ${subscription}`,
      );
    }
  } catch {
    // The failure of the restore says more.
  }
}
