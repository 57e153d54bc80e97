/** Compares two runs of a suite, prints what differs, and returns the names of the tests that do. */
export function compare(suite, { plain, wrapped }) {
  const before = outcomes(plain);
  const after = outcomes(wrapped);
  const differing = [...new Set([...before.keys(), ...after.keys()])].filter(
    (test) => before.get(test)?.state !== after.get(test)?.state,
  );
  const states = [...before.values()].map(({ state }) => state);
  const count = (wanted) => states.filter((state) => state === wanted).length;
  process.stdout.write(
    `${suite}: ${states.length} tests; plain ${count('passed')} pass, ${count('failed')} fail, ` +
      `${count('pending')} are skipped; ${differing.length} differ when wrapped\n`,
  );
  for (const test of differing) {
    process.stdout.write(
      `  ${test}\n    plain:   ${told(before.get(test))}\n    wrapped: ${told(after.get(test))}\n`,
    );
  }
  if (process.argv.includes('--failures')) {
    for (const [test, outcome] of before) {
      if (outcome.state === 'failed') process.stdout.write(`  fails anyway: ${test}: ${outcome.message}\n`);
    }
  }
  if (states.length === 0) throw new Error(`The ${suite} suite has no tests.`);
  return differing;
}

/** By the title of each test, and which of those of that title it is. */
function outcomes(tests) {
  const seen = new Map();
  return new Map(
    tests.map(({ fullTitle, err, ...test }) => {
      const nth = (seen.get(fullTitle) ?? 0) + 1;
      seen.set(fullTitle, nth);
      const failed = Object.keys(err ?? {}).length > 0;
      const state = failed
        ? 'failed'
        : test.duration === undefined && test.speed === undefined
          ? 'pending'
          : 'passed';
      return [`${fullTitle} #${nth}`, { state, message: String(err?.message ?? '').slice(0, 500) }];
    }),
  );
}

const told = (outcome) =>
  outcome === undefined ? 'was not run' : `${outcome.state} ${outcome.message}`.trim();
