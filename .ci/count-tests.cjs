// A Jest reporter: adds a line `passed failed skipped` to the file named in PG_EVICT_CI_COUNTS, and what each test file
// took, as `seconds file`, to the one beside it.
const { appendFileSync } = require('node:fs');
const path = require('node:path');

const counts = process.env.PG_EVICT_CI_COUNTS;

module.exports = class CountTests {
  onTestResult({ path: file }, { perfStats }) {
    const seconds = (perfStats.runtime / 1000).toFixed(1);
    appendFileSync(counts.replace(/counts$/, 'files'), `${seconds} ${path.relative(process.cwd(), file)}\n`);
  }

  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests }) {
    // A file that does not even load holds no test that could fail.
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    appendFileSync(counts, `${numPassedTests} ${failed} ${numPendingTests}\n`);
  }
};
