import type { StatementItem } from '../dump/dump-reader.js';
import { isDefinition } from '../sql/definition.js';
import { judge, type Surroundings, type Verdict } from '../sql/judge.js';
import type { Lexis } from '../sql/lexer.js';
import { Words } from '../sql/words.js';
import { executeAndSync, simpleMessage, statementMessages } from './frontend-messages.js';
import { toleratedOf } from './tolerated.js';
import type { ToleratedFailure } from './tolerated-failures.js';

/**
 * The facts about a statement that its text shows. They can be determined while the server is still at work with the
 * one before.
 */
export interface StatementPlan {
  readonly item: StatementItem;
  readonly words: Words;
  /** Whether nothing was made before it, as far as was known: the rest depends on that. */
  readonly isLeading: boolean;
  readonly verdict: Verdict;
  /** The failures for which it is left out. */
  readonly tolerated: readonly ToleratedFailure[];
  /** Whether it only defines something: it can be sent early, and by the simple protocol. */
  readonly isDefinition: boolean;
  /** The bytes that are sent to run it, unless it is a `COPY`. */
  readonly messages: readonly Buffer[];
}

/** Determines how to handle a statement. */
export function planStatement(item: StatementItem, lexis: Lexis, surroundings: Surroundings): StatementPlan {
  const { bytes } = item;
  const words = new Words(bytes, lexis);
  const simple = isDefinition(bytes);
  return {
    item,
    words,
    isLeading: surroundings.isLeading,
    verdict: judge(words, surroundings),
    tolerated: toleratedOf(words, surroundings),
    isDefinition: simple,
    messages: simple ? simpleMessage(bytes) : statementMessages(bytes, executeAndSync),
  };
}
