/** How long something took, in milliseconds, or how it failed. */
export async function time(callback) {
  const startedAt = performance.now();
  try {
    await callback();
    return { ms: performance.now() - startedAt };
  } catch (error) {
    return { ms: performance.now() - startedAt, failure: error.code ?? error.message };
  }
}
