import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isServerError, startServer, type TestcontainersServerOptions } from '@pg-evict/server';
import { containerOptions, docker } from '../support/docker/container.js';
import { watchEngine } from '../support/docker/watch-engine.js';

watchEngine();

async function failure(
  options: Partial<TestcontainersServerOptions>,
): Promise<{ code: string; message: string }> {
  try {
    const server = await startServer(containerOptions(options));
    await server.stop();
  } catch (error) {
    if (isServerError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('The server started.');
}

describe('a start in a container', () => {
  it('that does not start quotes the container’s log', async () => {
    const { code, message } = await failure({ settings: { no_such_setting: 1 } });
    expect(code).toBe('START_FAILED');
    expect(message).toMatch(/^PostgreSQL did not start: its container ended with code \d+\.\n/);
    expect(message).toContain('unrecognized configuration parameter "no_such_setting"');
  });

  it('that takes too long is given up, and the error quotes the container’s log', async () => {
    // Every client, and so the readiness check, waits a minute for its first answer.
    const { code, message } = await failure({ settings: { pre_auth_delay: 60 }, startTimeoutMs: 10_000 });
    expect(code).toBe('START_TIMEOUT');
    expect(message).toMatch(
      /^PostgreSQL was not ready after 10000 ms\. Give it longer with startTimeoutMs\.\n  \S/,
    );
  });

  it('that is aborted rejects with the reason', async () => {
    const reason = new Error('no longer wanted');
    for (const afterMs of [0, 100, 400, 800]) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), afterMs);
      await expect(failure({ signal: controller.signal })).rejects.toBe(reason);
    }
    await expect(failure({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('from an image that cannot be pulled names it', async () => {
    const image = 'localhost:1/no/such-image:1';
    const { code, message } = await failure({ image });
    expect(code).toBe('IMAGE_UNAVAILABLE');
    expect(message).toContain(`no image ${image}`);
    expect(message).toContain(`docker pull ${image}`);
  });

  it('without an available reaper says how to do without one', async () => {
    if ((await docker('ps', '--quiet', '--filter', 'label=org.testcontainers.ryuk=true')) !== '') {
      process.stderr.write('SKIPPED: the engine runs a reaper, which would be taken.\n');
      return;
    }
    const { code, message } = await inProcess({
      TESTCONTAINERS_RYUK_DISABLED: '',
      RYUK_CONTAINER_IMAGE: 'localhost:1/no/such-reaper:1',
    });
    expect(code).toBe('START_FAILED');
    expect(message).toContain('TESTCONTAINERS_RYUK_DISABLED=true');
  });

  it('without an engine names the engine that was tried, without its password', async () => {
    if (existsSync('/var/run/docker.sock')) {
      process.stderr.write('SKIPPED: this machine has an engine that would be found.\n');
      return;
    }
    const { code, message } = await inProcess({ DOCKER_HOST: 'tcp://somebody:secret@127.0.0.1:1' });
    expect(code).toBe('DOCKER_UNAVAILABLE');
    expect(message).toContain('tcp://127.0.0.1:1');
    expect(message).not.toContain('secret');
    expect(message).toContain("kind: 'embedded'");
  });
});

/** The failure of a start in a process with other variables: testcontainers remembers what it has found. */
async function inProcess(environment: Record<string, string>): Promise<{ code: string; message: string }> {
  const fixture = join(__dirname, '../support/server/fixtures/start-server.mjs');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [fixture, JSON.stringify(containerOptions()), 'stop'],
    // No engine of this machine's may be found beside it.
    { env: { ...process.env, ...environment, HOME: join(__dirname, 'nobody') } },
  );
  return JSON.parse(stdout.split('\n')[1] ?? '') as { code: string; message: string };
}
