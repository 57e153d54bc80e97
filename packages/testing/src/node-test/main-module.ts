import { pathToFileURL } from 'node:url';

/**
 * Waits until the main module has been evaluated, with every `await` at its top level: the runner considers a file's
 * tests over as soon as those that it knows are. Node returns the module that it has already loaded, because a module
 * named by `--import` makes it load the main module by its URL, too.
 */
export async function mainModuleEvaluated(file: string | null): Promise<void> {
  if (file === null) return;
  // Whether it fails, Node says.
  await import(pathToFileURL(file).href).catch(() => undefined);
}
