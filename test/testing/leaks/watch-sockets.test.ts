import { Scratch } from '../../support/scratch.js';
import { serverUrl } from '../../support/server.js';
import { runFixture } from '../../support/testing/leaks/run-fixture.js';

describe('the sockets of a test file', () => {
  const scratch = new Scratch();
  afterAll(async () => scratch.cleanUp());

  async function scenario(name: string): Promise<unknown> {
    const url = serverUrl({ database: await scratch.database() });
    return runFixture('scenarios.mjs', [name, url]);
  }

  it('count no more when their end has been said, and are waited for no longer', async () => {
    expect(await scenario('closing')).toEqual({ before: 5, after: 0 });
  });

  it('are waited for where their backends were ended, while others stay open', async () => {
    const { awaited, open, staying } = (await scenario('ended')) as Record<string, unknown>;
    expect(awaited).toBe(0);
    expect(open).toEqual([staying]);
  });

  it('are those to the server that the file opened, not the runner', async () => {
    const { expected, found } = (await scenario('others')) as { expected: number[]; found: number[] };
    expect(expected).toHaveLength(1);
    expect(found).toEqual(expected);
  });

  it('are distinguished from those of another file that runs at the same time', async () => {
    const { opened, found } = (await scenario('owners')) as {
      opened: Record<string, number>;
      found: number[][];
    };
    expect(found).toEqual([[opened['first']], [opened['second']]]);
    expect(opened['first']).not.toBe(opened['second']);
  });

  it('are its own again when a setup function that it has called is done', async () => {
    const { expected, found } = (await scenario('nested')) as { expected: number[]; found: number[] };
    expect(expected).toEqual([expect.any(Number)]);
    expect(found).toEqual(expected);
  });

  it('are not opened any more when the file is over, and a loop that would open them stops silently', async () => {
    expect(await scenario('late')).toEqual({ went: 3, more: 1, left: [], errors: [], refused: 1 });
  });

  it('are recorded once when two copies of the package are loaded', async () => {
    expect(await scenario('copies')).toEqual({
      patchedBefore: false,
      patchedAgain: false,
      isCopy: true,
      found: [0, 1],
    });
  });

  it('count while they are connecting, with what is known by then', async () => {
    const { leaks } = (await scenario('connecting')) as { leaks: object[] };
    expect(leaks).toEqual([
      expect.objectContaining({ pid: null, state: 'connecting', query: null }) as unknown,
    ]);
  });

  it("are nobody's when a file is over, also where the one before it was never ended", async () => {
    expect(await scenario('forgotten')).toEqual({ current: null });
  });

  it('are forgotten when they are closed', async () => {
    const { remembered } = (await scenario('many')) as { remembered: number };
    expect(remembered).toBeLessThanOrEqual(64);
  });
});
