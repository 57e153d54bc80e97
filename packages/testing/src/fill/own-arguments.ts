/**
 * Loaders and the like that this process was started with; no debugger, which has one port, and no option that would
 * turn it into a test runner.
 */
export function ownArguments(): string[] {
  return process.execArgv.filter((argument, index, all) => {
    const isValue = !argument.startsWith('-') && ofRunner.test(all[index - 1] ?? '');
    return !isValue && !ofRunner.test(argument) && !/^--(?:inspect|debug)/.test(argument);
  });
}

/** Options of Node's own test runner. */
const ofRunner = /^--(?:(?:experimental-)?test|watch)(?:$|[-=])/;
