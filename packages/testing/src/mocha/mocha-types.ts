/** The members of Mocha's tests, hooks and suites that are used here; the same from Mocha 10 to 12. */
interface Runnable {
  readonly state?: string | undefined;
  readonly file?: string | undefined;
  readonly parent: Suite;
  fullTitle(): string;
}

/** A suite; that without a parent is the root. */
export interface Suite {
  readonly title: string;
  readonly file?: string | undefined;
  readonly suites: readonly Suite[];
  readonly tests: readonly Runnable[];
  readonly _beforeAll: Runnable[];
  readonly _beforeEach: readonly Runnable[];
  readonly _afterEach: readonly Runnable[];
  readonly _afterAll: readonly Runnable[];
  beforeAll(title: string, hook: Hook): unknown;
  afterAll(title: string, hook: Hook): unknown;
}

/** The `this` of a hook. */
export interface HookContext {
  readonly test: Runnable;
  readonly currentTest?: Runnable | undefined;
  timeout(ms: number): unknown;
}

export type Hook = (this: HookContext) => Promise<void>;

/** The hooks of a root hook plugin. */
export interface RootHooks {
  readonly beforeAll: Hook;
  readonly beforeEach: Hook;
  readonly afterEach: Hook;
}
