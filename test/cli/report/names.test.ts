import { runCli } from '../../support/cli/run-cli.js';
import { runOnTerminal } from '../../support/cli/run-on-terminal.js';
import { hasTerminal } from '../../support/terminal.js';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverUrl, uniqueName } from '../../support/server.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
// The exit code of doctor also tells of what other tests have left on their server.
useOwnServer();

test.each([
  ['ends in a space', (name: string) => `${name} `, (name: string) => `"${name} "`],
  [
    'has two spaces in a row',
    (name: string) => `${name}  x`,
    (name: string) => String.raw`"${name} \u0020x"`,
  ],
  ['has a line break', (name: string) => `${name}\nx`, (name: string) => String.raw`"${name}\u000ax"`],
  ['has a letter that looks like another', (name: string) => `${name}а`, (name: string) => `"${name}а"`],
  ['has what is not shown', (name: string) => `${name}\u200B`, (name: string) => String.raw`"${name}\u200b"`],
  ['is plain', (name: string) => `${name}-1.$`, (name: string) => `${name}-1.$`],
])('a name that %s is shown so that it is seen', async (_what, toName, toShown) => {
  const plain = uniqueName('shown');
  const name = scratch.forget(toName(plain));
  const other = scratch.forget(toName(`${plain}_b`));
  const shown = toShown(plain);
  const env = { DATABASE_URL: serverUrl() };
  const said = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCli(args, env);
    if (code !== 0 || stderr !== '') throw new Error(`${args.join(' ')}: ${code}\n${stdout}${stderr}`);
    return stdout;
  };
  expect(await said('recreate', name, '--if-not-exists', '--yes')).toContain(`Created ${shown} in `);
  expect(await said('sessions', name)).toContain(` on ${shown}`);
  expect(await said('doctor', name)).toContain(`${shown}, `);
  expect(await said('rename', name, other)).toContain(`${shown} to ${toShown(`${plain}_b`)} in `);
  expect(await said('drop', other, '--yes')).toContain(`Dropped ${toShown(`${plain}_b`)} in `);
});

(hasTerminal ? describe : describe.skip)('on a terminal', () => {
  test('a question shows the name unmistakably', async () => {
    const plain = uniqueName('shown');
    const name = scratch.forget(`${plain}\nx `);
    await ask(`CREATE DATABASE ${quote(name)}`);
    const { code, text } = await runOnTerminal(['drop', name], {
      env: { DATABASE_URL: serverUrl() },
      columns: 200,
      steps: [{ after: '[y/N] ', type: 'n\n' }],
    });
    expect(text).toContain(String.raw`Drop "${plain}\u000ax " on `);
    expect(code).toBe(3);
  });
});
