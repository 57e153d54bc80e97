import { docker } from './container.js';

/**
 * Fails a test that leaves a container of ours, or a volume that belongs to no container.
 *
 * @returns tells what the test that runs has left
 */
export function watchEngine(): () => Promise<string[]> {
  let before: string[] = [];
  const left = async (): Promise<string[]> => (await onEngine()).filter((id) => !before.includes(id));
  beforeEach(async () => {
    before = await onEngine();
  });
  afterEach(async () => {
    const ids = await left();
    if (ids.length > 0) throw new Error(`left on the engine: ${ids.join(', ')}`);
  });
  return left;
}

async function onEngine(): Promise<string[]> {
  const containers = await docker('ps', '--all', '--quiet', '--filter', 'label=org.pg-evict.server');
  const volumes = await docker('volume', 'ls', '--quiet', '--filter', 'dangling=true');
  return `${containers}\n${volumes}`.split('\n').filter((line) => line !== '');
}
