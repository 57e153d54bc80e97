import type { PgEvictErrorCode } from '@pg-evict/core';
import type { ResetReport } from '../database/reset-database.js';
import type { LeakedSession } from '../leaks/inspect-leaks.js';
import type { OpenSocket } from '../leaks/watch-sockets.js';

/** An open socket without its lines, which are formatted only if it is a leak; times are text in JSON. */
export type PlainSocket = Omit<OpenSocket, 'lines' | 'openedAt'> & { readonly openedAt: string };

/** A leaked session, with the index of its socket among those of the request. */
export type PlainLeak = Omit<LeakedSession, 'socket'> & { readonly socket: number | null };

/** A worker's requests to the host, and the host's answers. */
export interface Requests {
  /** Comes first. */
  hello: { readonly asks: { readonly secret: string; readonly who: string }; readonly answers: object };
  /**
   * Requests a database, which is the worker's until it returns it or disconnects. Waits until it is ready. `name` is
   * one that the worker proposes, or one from the answer to a return.
   */
  borrow: {
    readonly asks: {
      readonly run: string;
      readonly name?: string | undefined;
      readonly template?: string | undefined;
      readonly empty?: boolean | undefined;
      /** The borrower, as in messages: a test file. */
      readonly for: string;
    };
    readonly answers: { readonly name: string };
  };
  /** Gives a database back. */
  return: {
    readonly asks: {
      readonly name: string;
      /** Whether any code can have reached it since it was lent or reset. */
      readonly used: boolean;
      /** Keeps it aside, so that a person can look into it. */
      readonly keep?: boolean | undefined;
      /** Whether the worker goes on, so that the answer names its next database; `same`, whether that is this one. */
      readonly next: 'none' | 'any' | 'same';
    };
    readonly answers: { readonly next: string | null; readonly kept: string | null };
  };
  /** Restores a borrowed database to the state of the template, now. */
  reset: {
    readonly asks: { readonly name: string; readonly graceMs?: number | undefined };
    readonly answers: Omit<ResetReport, 'sessions'> & { readonly sessions: readonly number[] };
  };
  /** Asks for the sessions of open sockets, and for others on borrowed databases. */
  leaks: {
    readonly asks: {
      readonly run: string;
      readonly databases: readonly string[];
      readonly sockets: readonly PlainSocket[];
    };
    readonly answers: { readonly leaks: readonly PlainLeak[] };
  };
}

export type RequestKind = keyof Requests;

/** A request on its way. */
export type RequestMessage = {
  [Kind in RequestKind]: { readonly id: number; readonly kind: Kind; readonly asks: Requests[Kind]['asks'] };
}[RequestKind];

/** An error, as it goes over the wire. */
export interface PlainError {
  readonly code: PgEvictErrorCode;
  readonly message: string;
  readonly database: string | null;
}

/** An answer; or, before it, the reason for a delay. */
export type AnswerMessage =
  | { readonly id: number; readonly answers: object }
  | { readonly id: number; readonly error: PlainError }
  | { readonly id: number; readonly waits: string };
