// One operation of @pg-evict/core in a process of its own, for tests that kill it. Reports each step to its parent and,
// where told to, waits there; withExclusiveAccess also reports, and waits, inside its callback.
const core = await import('@pg-evict/core');
const { operation, target, values = [], pauseAt } = JSON.parse(process.argv[2]);

const resumed = async () => new Promise((resolve) => process.once('message', resolve));

const report = async (step, details = {}) => {
  process.send({ step, ...details });
  if (step === pauseAt) await resumed();
};

const options = typeof values.at(-1) === 'object' ? values.pop() : {};
const own =
  operation === 'withExclusiveAccess'
    ? [async ({ database }) => report('inside', { database }), ...values]
    : values;
try {
  await core[operation](target, ...own, { ...options, onStep: report });
  process.send({ step: 'done' });
} catch (error) {
  process.send({ step: 'failed', code: error.code, message: error.message });
}
process.disconnect();
