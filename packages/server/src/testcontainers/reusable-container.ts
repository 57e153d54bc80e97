import { createHash } from 'node:crypto';
import type { Engine } from './connect-engine.js';

/** Labels our containers with the settings they were started with. */
export const label = 'org.pg-evict.server';

/** The value of the label for servers that are alike. */
export function likeness(image: string, args: readonly string[], tmpfs: boolean): string {
  return createHash('sha256')
    .update(JSON.stringify([image, args, tmpfs]))
    .digest('hex')
    .slice(0, 16);
}

/**
 * The password of a container that can be taken again. It was made up by the process that started it; testcontainers
 * takes a container again only for the same password.
 */
export async function passwordOfReusable(engine: Engine, value: string): Promise<string | undefined> {
  const container = await engine.container.fetchByLabel(label, value, {
    status: ['created', 'running', 'paused', 'exited'],
  });
  if (container === undefined) return undefined;
  const { Config } = await engine.container.inspect(container);
  const name = 'POSTGRES_PASSWORD=';
  return Config.Env.find((variable) => variable.startsWith(name))?.slice(name.length);
}
