import { byte, needsMore } from '../sql/lexer.js';

/** A line end and the mark behind it. */
const lineAndMark = Buffer.from('\n\\.');

/** Text that only begins like the mark is data. */
export const notMark = -2;

/** Whether what stands here may be `\.`. */
export function beginsMark(bytes: Buffer, at: number, end: number): boolean {
  return at < end && bytes[at] === byte.backslash && (at + 1 >= end || bytes[at + 1] === byte.dot);
}

/** The beginning of a line that may contain only `\.`; -1 if there is none. */
export function findMark(bytes: Buffer, start: number, end: number): number {
  const found = bytes.indexOf(lineAndMark, start);
  if (found !== -1 && found + 2 < end) return found + 1;
  // The mark may be split at the end of the bytes read so far.
  return end - 2 >= start && bytes[end - 2] === byte.newline && bytes[end - 1] === byte.backslash
    ? end - 1
    : -1;
}

/** The position after the line end of a line that contains only `\.`. */
export function markEnd(bytes: Buffer, mark: number, end: number, isLast: boolean): number {
  const at = mark + 2;
  if (at > end) return isLast ? notMark : needsMore;
  if (at === end) return isLast ? end : needsMore;
  if (bytes[at] === byte.newline) return at + 1;
  if (bytes[at] !== byte.carriageReturn) return notMark;
  if (at + 1 === end) return isLast ? end : needsMore;
  return bytes[at + 1] === byte.newline ? at + 2 : notMark;
}
