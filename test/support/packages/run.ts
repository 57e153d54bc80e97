import { execFile } from 'node:child_process';

/** Runs a program in a folder, with variables beside those of this process. Resolves to its output on stdout, rejects with all it said. */
export async function run(
  folder: string,
  command: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, env: { ...environment(), ...variables }, maxBuffer: 64 * 1024 * 1024 };
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout.trimEnd());
      reject(new Error(`${command} ${args.join(' ')}\n${stdout}\n${stderr}`, { cause: error }));
    });
  });
}

/** The environment without what pnpm tells the scripts it runs, which npm would take for its own. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm|pnpm)_|^NODE_PATH$/i.test(name)),
  );
}
