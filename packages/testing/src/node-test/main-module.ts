import { pathToFileURL } from 'node:url';

/**
 * Waits until the main module has been evaluated, with every `await` at its top level: the runner takes a file's tests
 * for over as soon as those are that it knows. Node hands out the module that it has loaded already, as what `--import`
 * names has it load the main module by its URL too.
 */
export async function mainModuleEvaluated(file: string | null): Promise<void> {
  if (file === null) return;
  // Whether it fails, Node says.
  await import(pathToFileURL(file).href).catch(() => undefined);
}
