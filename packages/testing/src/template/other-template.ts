import type { ResolvedConfig, ResolvedConfiguration } from '@pg-evict/config';
import { PgEvictError } from '@pg-evict/core';
import type { TestServer } from '../server/test-server.js';
import type { MaintenanceSession } from '../session/maintenance-session.js';
import { ensureTemplate } from './ensure-template.js';
import { templateSource } from './source.js';
import type { Template } from './template.js';

type Testing = NonNullable<ResolvedConfig['testing']>;

/** What a run knows of its other templates. */
export interface OtherTemplates {
  readonly testing: Testing;
  readonly configuration: ResolvedConfiguration;
  readonly cwd: string;
  readonly runId: string;
}

/**
 * Makes sure that another template of a run exists.
 *
 * @param name in `testing.templates`; without one, the template of an empty database
 * @param signal ends the filling
 * @throws {@link PgEvictError} `CONFIG_INVALID` if the configuration does not name it
 */
export async function otherTemplate(
  control: MaintenanceSession,
  server: TestServer,
  { testing, configuration, cwd, runId }: OtherTemplates,
  name: string | undefined,
  signal?: AbortSignal,
): Promise<Template> {
  const template = name === undefined ? {} : testing.templates?.[name];
  if (template === undefined) throw unknownTemplate(name ?? '', testing);
  const source = await templateSource({ template, name, configuration, cwd, runId });
  return ensureTemplate(control, server, runId, source, signal);
}

function unknownTemplate(name: string, { templates = {} }: Testing): PgEvictError {
  const known = Object.keys(templates);
  const has = known.length === 0 ? '' : ` It has ${known.join(', ')}.`;
  return new PgEvictError('CONFIG_INVALID', `The configuration has no template "${name}".${has}`, {
    hint: `Add it: testing.templates.${name}.`,
  });
}
