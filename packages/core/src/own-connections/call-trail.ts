import { type AsyncHook, createHook, executionAsyncResource } from 'node:async_hooks';
import { isProjectFile, isRunnerFile, projectLines, type SourceLine } from './stack-lines.js';

const trail = Symbol('pg-evict.trail');

/** Under Bun (1.4) `executionAsyncResource()` opens a stream, which calls the hook again, without end. */
const hasResources = process.versions['bun'] === undefined;

type Resource = object & { [trail]?: NodeJS.CallSite };

/**
 * How many more resources get the line of their creator after promises are not tracked any more: work that a test has
 * left behind, such as a query that it did not wait for, connects a while later.
 */
const handedOn = 1000;

/**
 * How far up from a promise the line that awaits it is looked for. Each frame costs time, so first the promise's creator
 * (below it are three frames of Node's own), then the frames near it, then through the synchronous calls of a query
 * builder.
 */
const framesOfLook = [4, 10, 20] as const;

/** V8's hook for the text of a stack trace; the test runner may have replaced it. */
const stackTraces = Error as {
  prepareStackTrace?: ((error: Error, sites: NodeJS.CallSite[]) => unknown) | undefined;
};

type Owner = 'project' | 'runner' | 'other';

/** Whose files are: the same ones come again and again. */
const known = new Map<string, Owner>();
const mostKnown = 5000;

function ownerOf(site: NodeJS.CallSite): Owner {
  const file = site.getFileName() ?? '';
  const before = known.get(file);
  if (before !== undefined) return before;
  if (known.size >= mostKnown) known.clear();
  const owner = isProjectFile(file) ? 'project' : isRunnerFile(file) ? 'runner' : 'other';
  known.set(file, owner);
  return owner;
}

const isProjectSite = (site: NodeJS.CallSite): boolean => ownerOf(site) === 'project';

const asCallSites = (_error: Error, sites: NodeJS.CallSite[]): NodeJS.CallSite[] => sites;

/**
 * Remembers which line of the project led to the code that now runs. knex, postgres.js, Sequelize and Drizzle connect
 * from a queue or from the `then` of a query, where the stack trace starts afresh. So each promise remembers the
 * project's line that created it, or else the line of the promise that created it.
 *
 * Reading the stack costs some 5 µs a promise. So only a limited number are read: of a file when it begins, and again
 * of each test and hook. That is enough for the first queries, which are those that connect.
 */
export class CallTrail {
  readonly #hook: AsyncHook;
  #left = 0;
  #handedOn = 0;
  #enabled = false;

  constructor() {
    const onPromise = (_id: number, type: string, _trigger: number, resource: Resource): void => {
      const inherited = (executionAsyncResource() as Resource)[trail];
      const found = type === 'PROMISE' && this.#left > 0 ? this.#look(onPromise) : this.#count();
      const site = found ?? inherited;
      if (site !== undefined) resource[trail] = site;
    };
    this.#hook = createHook({ init: onPromise });
  }

  /** Tracks this many promises from here on. */
  extend(promises: number): void {
    this.#left = Math.max(this.#left, promises);
    this.#handedOn = handedOn;
    if (this.#enabled || !hasResources) return;
    this.#enabled = true;
    this.#hook.enable();
  }

  /** Tracks this many more promises, at most. */
  shorten(promises: number): void {
    this.#left = Math.min(this.#left, promises);
  }

  /** Looks no longer. */
  stop(): void {
    this.#left = 0;
    this.#enabled = false;
    this.#hook.disable();
  }

  /** The line that led here. */
  current(): NodeJS.CallSite | undefined {
    return hasResources ? (executionAsyncResource() as Resource)[trail] : undefined;
  }

  #count(): undefined {
    this.#handedOn -= 1;
    if (this.#handedOn <= 0 && this.#left === 0) this.stop();
  }

  #look(below: Function): NodeJS.CallSite | undefined {
    this.#left -= 1;
    for (const frames of framesOfLook) {
      const sites = sitesAbove(below, frames);
      // The runner calls the project, so what lies beyond the runner did not lead here.
      const nearest = sites.find((site) => ownerOf(site) !== 'other');
      if (nearest !== undefined) return isProjectSite(nearest) ? nearest : undefined;
      if (sites.length < frames) return undefined;
    }
    return undefined;
  }
}

/** The callers of a function. */
function sitesAbove(below: Function, limit: number): NodeJS.CallSite[] {
  const { stackTraceLimit } = Error;
  const { prepareStackTrace } = stackTraces;
  const holder: { stack?: NodeJS.CallSite[] } = {};
  Error.stackTraceLimit = limit;
  stackTraces.prepareStackTrace = asCallSites;
  Error.captureStackTrace(holder, below);
  const sites = holder.stack ?? [];
  Error.stackTraceLimit = stackTraceLimit;
  stackTraces.prepareStackTrace = prepareStackTrace;
  return sites;
}

/** Whether a line of the project has called a function directly, so that the stack trace has it. */
export function isCalledByProject(callee: Function, frames: number): boolean {
  return sitesAbove(callee, frames).some(isProjectSite);
}

/**
 * The project's lines of a stack trace that has not been read yet. A line is the project's if its code lies in the
 * project: source maps that the test runner applies may point outside a package, to the place of its original sources.
 */
export function linesOfStack(error: Error): SourceLine[] {
  const { prepareStackTrace } = stackTraces;
  if (prepareStackTrace === undefined) return projectLines(error.stack ?? '');
  stackTraces.prepareStackTrace = (_error, sites) => prepareStackTrace(error, sites.filter(isProjectSite));
  const { stack } = error;
  stackTraces.prepareStackTrace = prepareStackTrace;
  return projectLines(stack ?? '');
}

/** The line of a call site, through the source maps that the test runner has installed. */
export function lineOf(site: NodeJS.CallSite | undefined): SourceLine | undefined {
  if (site === undefined) return undefined;
  const stack = stackTraces.prepareStackTrace?.(new Error('opened'), [site]);
  return projectLines(typeof stack === 'string' ? stack : frameOf(site))[0];
}

function frameOf(site: NodeJS.CallSite): string {
  const place = `${site.getFileName() ?? ''}:${site.getLineNumber() ?? 0}:${site.getColumnNumber() ?? 0}`;
  const name = site.getFunctionName();
  return name === null ? `    at ${place}` : `    at ${name} (${place})`;
}
