import type { StartedTestContainer } from 'testcontainers';
import type { RunningContainerServer } from '../contract/running-server.js';
import { ServerError } from '../contract/server-error.js';
import { containerPort, database, superuser } from './postgres-container.js';
import { reasonOf } from './reason-of.js';

/** The settings that a server was started with. */
export interface ContainerServerFacts {
  readonly image: string;
  readonly password: string;
  readonly version: string;
  /** Whether the container outlives it. */
  readonly kept: boolean;
}

/** A server that runs in a container. */
export class ContainerServer implements RunningContainerServer {
  readonly user = superuser;
  readonly database = database;
  readonly host: string;
  readonly port: number;
  readonly password: string;
  readonly url: string;
  readonly version: string;
  readonly image: string;
  readonly containerId: string;
  readonly #container: StartedTestContainer;
  readonly #kept: boolean;
  #stopped: Promise<void> | undefined;

  constructor(container: StartedTestContainer, { image, password, version, kept }: ContainerServerFacts) {
    this.host = container.getHost();
    this.port = container.getMappedPort(containerPort);
    this.password = password;
    const host = this.host.includes(':') ? `[${this.host}]` : this.host;
    this.url = `postgresql://${superuser}:${password}@${host}:${this.port}/${database}`;
    this.version = version;
    this.image = image;
    this.containerId = container.getId();
    this.#container = container;
    this.#kept = kept;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#kept ? Promise.resolve() : this.#remove();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #remove(): Promise<void> {
    try {
      await this.#container.stop();
    } catch (error) {
      // It was removed before.
      if ((error as { statusCode?: unknown }).statusCode === 404) return;
      throw new ServerError(
        'STOP_FAILED',
        `The container ${this.containerId} could not be removed: ${reasonOf(error)}.`,
        {
          cause: error,
        },
      );
    }
  }
}
