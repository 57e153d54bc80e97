import type { RawConnection } from './knex-internals.js';

/**
 * Decides which connections of a pool may be used. Usually all sessions of a database are terminated, one after the
 * other. A failed query that was retried on another old connection would fail again. So once a connection is lost,
 * connections that are as old are not lent any more; knex replaces them when it needs them.
 */
export class Generations {
  #current = 0;
  readonly #births = new WeakMap<RawConnection, number>();

  get current(): number {
    return this.#current;
  }

  /** Notes the generation that was current when a connection began. */
  born(connection: RawConnection, generation: number): void {
    this.#births.set(connection, generation);
  }

  /** Marks a connection as lost, and its whole generation with it. */
  lost(connection: RawConnection): void {
    this.#current = Math.max(this.#current, this.#birth(connection) + 1);
  }

  isOver(connection: RawConnection): boolean {
    return this.#birth(connection) < this.#current;
  }

  #birth(connection: RawConnection): number {
    return this.#births.get(connection) ?? this.#current;
  }
}
