// A Jest reporter: adds a line `passed failed skipped` to the file named in PG_EVICT_CI_COUNTS.
const { appendFileSync } = require('node:fs');

module.exports = class CountTests {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests }) {
    // A file that does not even load holds no test that could fail.
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    appendFileSync(process.env.PG_EVICT_CI_COUNTS, `${numPassedTests} ${failed} ${numPendingTests}\n`);
  }
};
