import childProcess, { type ChildProcess } from 'node:child_process';
import dgram from 'node:dgram';
import Module, { syncBuiltinESMExports } from 'node:module';
import workerThreads from 'node:worker_threads';
import { followTrail, noteConnected, runningOwner, type SocketRegistry } from './socket-owner.js';

/**
 * Modules that JavaScript drivers load before they connect; node-postgres loads `net` only at that time, but `dns`
 * earlier.
 */
const ofDrivers = new Set(['dns', 'net', 'tls']);

/** Native addons that the test runner loads for itself, also while a file runs: none concerns a database. */
const addonsOfRunner = /[\\/](?:@unrs|@swc|@parcel|fsevents)[\\/]/;

type AnyFunction = (this: unknown, ...parameters: unknown[]) => unknown;

/**
 * Makes every other way to the server report its use: child processes, threads, native addons, and datagrams, which may
 * have another program connect. Also makes `require` report when a file loads a module that a driver needs. Their
 * behaviour stays the same.
 */
export function patchOtherWays(registry: SocketRegistry): void {
  const notice = (): void => {
    if (runningOwner(registry) !== null) registry.blind = true;
  };
  const noticeStarted = (started: ChildProcess | workerThreads.Worker): void => {
    notice();
    runningOwner(registry)?.started.push(new WeakRef(started));
  };
  const before = (
    holder: object,
    name: string,
    called: (first: unknown, second: unknown, self: unknown) => void,
  ): void => {
    const functions = holder as Record<string, AnyFunction>;
    const original = functions[name];
    if (original === undefined) return;
    functions[name] = function patched(this: unknown, ...parameters: unknown[]): unknown {
      called(parameters[0], parameters[1], this);
      return original.apply(this, parameters);
    };
  };
  before(childProcess.ChildProcess.prototype, 'spawn', (_options, _, child) =>
    noticeStarted(child as ChildProcess),
  );
  for (const name of ['spawnSync', 'execSync', 'execFileSync']) before(childProcess, name, notice);
  before(process, 'dlopen', (_module, file) => {
    if (!addonsOfRunner.test(String(file))) notice();
  });
  // Such as one that a custom environment has loaded.
  const { _cache: modules } = Module as unknown as { readonly _cache: object };
  const loaded = Object.keys(modules).filter((file) => file.endsWith('.node'));
  if (loaded.some((file) => !addonsOfRunner.test(file))) registry.blind = true;
  before(dgram.Socket.prototype, 'send', () => {
    const owner = runningOwner(registry);
    if (owner !== null) noteConnected(registry, owner);
  });
  workerThreads.Worker = new Proxy(workerThreads.Worker, {
    construct(target, parameters: unknown[], newTarget: Function): object {
      const worker = Reflect.construct(target, parameters, newTarget) as workerThreads.Worker;
      noticeStarted(worker);
      return worker;
    },
  });
  before(Module, '_load', (request) => {
    if (typeof request !== 'string' || !ofDrivers.has(request.replace(/^node:/, ''))) return;
    const owner = runningOwner(registry);
    if (owner !== null && !owner.trailed) followTrail(registry, owner);
  });
  syncBuiltinESMExports();
}
