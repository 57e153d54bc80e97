import type { TestingConfig } from '@pg-evict/config';
import { PgEvictError } from '@pg-evict/core';
import type { Baseline } from '../reset/snapshot.js';
import { toPlainTls } from '../server/serialize-tls.js';
import type { OpenedServer, TestServer } from '../server/test-server.js';
import type { MaintenanceSession } from '../session/maintenance-session.js';
import type { Template } from '../template/template.js';
import type { TestDatabase } from './test-database.js';

/** The other settings of the configuration for a run, with defaults filled in. */
export interface RunSettings {
  readonly isolation: NonNullable<TestingConfig['isolation']>;
  readonly leaks: NonNullable<TestingConfig['leaks']>;
  readonly keepFailed: boolean;
  /** The project's own variables for tests; `false` stands for one that is removed. */
  readonly variables: NonNullable<TestingConfig['variables']>;
  /** The destination of variables for code that runs outside of our environments. */
  readonly outside: NonNullable<TestingConfig['outside']>;
  /** The fixed database of `isolation: 'run'`. */
  readonly database: string | null;
  /** How long one wait for somebody else may last, in milliseconds: `sessions.timeoutMs`; `null` where it is not set. */
  readonly timeoutMs: number | null;
}

/**
 * The data with which another process of the run joins it: plain JSON, for an environment variable. It holds the
 * password of the connection, as `DATABASE_URL` does.
 */
export interface RunInvitation extends RunSettings {
  readonly id: string;
  readonly server: TestServer;
  readonly template: Template;
}

/** The parts that a run is made of. */
export interface RunParts extends RunSettings {
  readonly id: string;
  readonly server: OpenedServer;
  readonly template: Template;
  readonly control: MaintenanceSession;
  /** Whether this process began the run, and so ends it. */
  readonly owned: boolean;
  /**
   * Makes sure that another template exists, by its name in the configuration; without one, that of an empty database.
   */
  readonly ensureTemplate?: ((name: string | undefined) => Promise<Template>) | undefined;
}

/**
 * A run of tests, as one of its processes has it. Until every process has closed it, no sweep drops the databases of
 * the run.
 */
export class TestRun {
  /** Eight letters or digits; the names of the run's databases carry them. */
  readonly id: string;
  readonly settings: RunSettings;
  readonly server: TestServer;
  readonly template: Template;
  /** Whether this process began the run. */
  readonly owned: boolean;
  /** @internal */
  readonly control: MaintenanceSession;
  /**
   * The content that copies of the template have.
   *
   * @internal
   */
  baseline: Baseline | undefined;
  /**
   * The databases that this process has acquired and not released.
   *
   * @internal
   */
  readonly databases: Set<TestDatabase>;
  readonly #ensureTemplate: RunParts['ensureTemplate'];
  readonly #stop: () => Promise<void>;

  /** @internal */
  constructor(
    { id, server, template, control, owned, ensureTemplate, ...settings }: RunParts,
    databases = new Set<TestDatabase>(),
  ) {
    const { stop, ...reachable } = server;
    this.id = id;
    this.server = reachable;
    this.template = template;
    this.owned = owned;
    this.control = control;
    this.settings = settings;
    this.databases = databases;
    this.#ensureTemplate = ensureTemplate;
    this.#stop = stop;
  }

  /** For `JSON.stringify`: the input of {@link joinRun} in another process. */
  toJSON(): RunInvitation {
    const { target, connection, ...server } = this.server;
    return {
      id: this.id,
      server: {
        ...server,
        target: { ...target, connection: toPlainTls(target.connection) },
        connection: toPlainTls(connection),
      },
      template: this.template,
      ...this.settings,
    };
  }

  /**
   * The same run with copies of another template, whose content is remembered separately.
   *
   * @internal
   * @param name in the configuration; without one, that of an empty database
   * @throws {@link PgEvictError} `CONFIG_INVALID` if the configuration does not name it
   */
  async withTemplate(name: string | undefined): Promise<TestRun> {
    if (this.#ensureTemplate === undefined) {
      throw new PgEvictError('REFUSED', 'Only the process that began the run knows its other templates.');
    }
    const template = await this.#ensureTemplate(name);
    const { id, control, settings, server } = this;
    const parts = { id, control, template, owned: false, ...settings };
    return new TestRun({ ...parts, server: { ...server, stop: this.#stop } }, this.databases);
  }

  /** @internal */
  async stop(): Promise<void> {
    await this.control.close();
    await this.#stop();
  }
}
