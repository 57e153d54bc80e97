/** An event of jest-circus, as far as it is used here. */
export interface TestEvent {
  readonly name: string;
  readonly test?: TestEntry | undefined;
  readonly hook?: { readonly type: string; readonly parent: DescribeBlock } | undefined;
}

/** A test of jest-circus. */
export interface TestEntry {
  readonly name: string;
  readonly mode?: string | null | undefined;
  readonly concurrent?: boolean | undefined;
  readonly parent: DescribeBlock;
  readonly errors: readonly unknown[];
}

/** A `describe` of jest-circus; the outermost is the file's. */
export interface DescribeBlock {
  readonly name: string;
  readonly parent?: DescribeBlock | undefined;
  readonly children: readonly (
    | ({ readonly type: 'test' } & TestEntry)
    | ({ readonly type: 'describeBlock' } & DescribeBlock)
  )[];
}

/** The state of jest-circus, as far as it is used here. */
export interface TestState {
  readonly rootDescribeBlock: DescribeBlock;
  /** Errors that belong to no test; the file fails when there are any. */
  readonly unhandledErrors: unknown[];
}

/** The members of a Jest environment that this package needs; those of 29 and 30 have them. */
export interface EnvironmentLike {
  readonly global: object;
  setup(): Promise<void>;
  teardown(): Promise<void>;
  handleTestEvent?(event: unknown, state: unknown): void | Promise<void>;
}

/** The class of an environment. */
// oxlint-disable-next-line typescript/no-explicit-any -- TypeScript takes no other base for a mixin (TS2545)
export type EnvironmentClass<T extends EnvironmentLike = EnvironmentLike> = new (...parameters: any[]) => T;

/** The first argument that Jest passes to the constructor of an environment. */
export interface EnvironmentConfig {
  readonly globalConfig: {
    /** The number of failed tests after which Jest ends; 0 if it goes on. */
    readonly bail: number;
  };
  readonly projectConfig: {
    readonly rootDir: string;
    readonly id?: string | undefined;
    readonly testRunner?: string | undefined;
    readonly testEnvironmentOptions: Readonly<Record<string, unknown>>;
  };
}

/** The second argument that Jest passes to the constructor of an environment. */
export interface EnvironmentContext {
  readonly testPath: string;
}
