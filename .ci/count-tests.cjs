// A Jest reporter: adds a line `passed failed skipped` to the file named in PG_EVICT_CI_COUNTS, and to those beside it
// what each test file took, as `seconds file`, and which tests failed, with the beginning
// of what they say.
const { appendFileSync } = require('node:fs');
const path = require('node:path');
const { stripVTControlCharacters } = require('node:util');

const counts = process.env.PG_EVICT_CI_COUNTS;

module.exports = class CountTests {
  onTestResult({ path: file }, { perfStats, testExecError, testResults }) {
    const name = path.relative(process.cwd(), file);
    const seconds = (perfStats.runtime / 1000).toFixed(1);
    appendFileSync(counts.replace(/counts$/, 'files'), `${seconds} ${name}\n`);
    const failed = testResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join(' ')}`);
    for (const what of testExecError ? [`(the file): ${testExecError.message}`, ...failed] : failed) {
      const line = stripVTControlCharacters(what).replaceAll(/\s+/g, ' ').slice(0, 600);
      appendFileSync(counts.replace(/counts$/, 'failures'), `${name}: ${line}\n`);
    }
  }

  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests }) {
    // A file that does not even load holds no test that could fail.
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    appendFileSync(counts, `${numPassedTests} ${failed} ${numPendingTests}\n`);
  }
};
