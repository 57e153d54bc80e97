/**
 * Shared by pg-evict's own packages; loads no other module, in particular not the driver. Not part of the public API.
 */
export { hintIn, remedyIn, type Words } from './contract/remedy.js';
export { durationMs, longestUndoMs } from './text/duration.js';
export { isBuiltIn, maxNameBytes } from './text/identifier.js';
export { escapeCharacter, printable, printableLines, unprintable } from './text/printable.js';
export { quoteIdentifier, quoteLiteral } from './text/quote.js';
export { redactQuery } from './text/redact-query.js';
export { withoutHint } from './text/without-hint.js';
