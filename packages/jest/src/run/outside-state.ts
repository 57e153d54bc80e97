import { Socket } from 'node:net';

/** The variables for test files in band that run outside of our environment. */
interface OutsideState {
  variables: Readonly<Record<string, string | undefined>> | undefined;
}

/** Sandboxes of Jest have a `process` of their own, but Node's own classes. */
const holder = Socket as unknown as Record<symbol, OutsideState | undefined>;
const key = Symbol.for('pg-evict.jest.outside/1');

/** That of this process. */
export function outsideState(): OutsideState {
  return (holder[key] ??= { variables: undefined });
}
