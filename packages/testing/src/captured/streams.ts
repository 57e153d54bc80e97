import { writeSync } from 'node:fs';

const write = writeSync;

/**
 * Writes to standard error, even if a test has replaced `process.stderr.write`. Writes nothing if the stream is closed.
 */
export function tell(text: string): void {
  let rest = Buffer.from(`${text}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(write(2, rest));
    } catch (error) {
      // A pipe that is full is read in a moment.
      if ((error as { code?: unknown }).code !== 'EAGAIN') return;
    }
  }
}
