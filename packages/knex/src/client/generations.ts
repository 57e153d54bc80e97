import type { RawConnection } from './knex-internals.js';

/**
 * Which connections of a pool may be used. Whoever ends a session mostly ends all of a database's, and they go one after
 * the other: a query that failed would be tried again on a connection that is about to go, and fail again. So once a
 * connection is lost, those that are as old are not lent any more; knex replaces them when it needs them.
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

  /** A connection is lost, and its whole generation with it. */
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
