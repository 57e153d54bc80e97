// A Jest reporter: adds a line `passed failed skipped` to the file named in PG_EVICT_CI_COUNTS, and to those beside it
// what each test file took, as `seconds file`, and which tests failed.
const { appendFileSync } = require('node:fs');
const path = require('node:path');

const counts = process.env.PG_EVICT_CI_COUNTS;

module.exports = class CountTests {
  onTestResult({ path: file }, { perfStats, testExecError, testResults }) {
    const name = path.relative(process.cwd(), file);
    const seconds = (perfStats.runtime / 1000).toFixed(1);
    appendFileSync(counts.replace(/counts$/, 'files'), `${seconds} ${name}\n`);
    const failed = testResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
    for (const title of testExecError ? ['(the file)', ...failed] : failed) {
      appendFileSync(counts.replace(/counts$/, 'failures'), `${name}: ${title.replaceAll('\n', ' ')}\n`);
    }
  }

  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests }) {
    // A file that does not even load holds no test that could fail.
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    appendFileSync(counts, `${numPassedTests} ${failed} ${numPendingTests}\n`);
  }
};
