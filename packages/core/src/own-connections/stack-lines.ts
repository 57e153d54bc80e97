/** A line of the project under test. */
export interface SourceLine {
  /** The function, where it has a name. */
  readonly name: string | null;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The first lines of a stack are the message, which may be anything. */
const longestFrame = 2000;

const framePattern = /^\s*at (?:async )?(?:(.+?) \()?(?:file:\/\/)?(\/.+?|[A-Za-z]:[\\/].+?):(\d+):(\d+)\)?$/;

/** The lines of a stack trace that are the project's: neither Node's nor of an installed package. */
export function projectLines(stack: string): SourceLine[] {
  return stack.split('\n').flatMap((frame) => {
    if (frame.length > longestFrame) return [];
    const [, name, file, line, column] = framePattern.exec(frame) ?? [];
    if (file === undefined || !isProjectFile(file)) return [];
    return [{ name: name ?? null, file: decode(file), line: Number(line), column: Number(column) }];
  });
}

/** Whether a file of a stack trace is the project's. */
export function isProjectFile(file: string): boolean {
  return (
    !file.startsWith('node:') && !/[\\/]node_modules[\\/]/.test(file) && /^(?:file:|\/|[A-Za-z]:)/.test(file)
  );
}

/** The packages and modules that call test functions and hooks. */
const runnerPattern =
  /[\\/]node_modules[\\/](?:jest-circus|jest-jasmine2|mocha|vitest|@vitest[\\/]runner)[\\/]|^node:internal\/test_runner\//;

/** Whether a file of a stack trace is part of a test runner. */
export function isRunnerFile(file: string): boolean {
  return runnerPattern.test(file);
}

/** Frames of ES modules are URLs. */
function decode(file: string): string {
  try {
    return decodeURIComponent(file);
  } catch {
    return file;
  }
}
