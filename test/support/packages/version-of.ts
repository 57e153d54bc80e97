import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { workspaceRoot } from './pack-workspace.js';

/** A package to install in the version the workspace uses. */
export async function versionOf(section: string, name: string, manifest: string): Promise<string> {
  const file = await readFile(resolve(workspaceRoot, manifest, 'package.json'), 'utf8');
  const versions = (JSON.parse(file) as Record<string, Record<string, string>>)[section];
  return `${name}@${versions?.[name] ?? 'latest'}`;
}
