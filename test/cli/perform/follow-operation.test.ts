import { stripVTControlCharacters } from 'node:util';
import { hasTerminal, runOnTerminal } from '../../support/cli/run-on-terminal.js';
import { Scratch } from '../../support/scratch.js';
import { serverUrl } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

(hasTerminal ? describe : describe.skip)('on a terminal', () => {
  test.each([
    ['recreate', ['recreate', '--yes']],
    ['drop', ['drop', '--yes']],
    ['rename', ['rename']],
    ['clone', ['clone']],
  ])('%s says for whom it waits, and for how long', async (command, args) => {
    const database = await scratch.database();
    const to = scratch.forget(`${database}_to`);
    const session = await openSession(serverUrl({ database }));
    const [name, ...options] = args;
    const names = command === 'rename' || command === 'clone' ? [database, to] : [database];
    const { code, output } = await runOnTerminal([name ?? '', ...names, ...options, '--grace', '6s'], {
      env: { DATABASE_URL: serverUrl({ database }) },
      columns: 120,
    });
    const text = stripVTControlCharacters(output);
    expect(text).toMatch(new RegExp(`Waiting for ${session.pid} \\(postgres[^)]*\\) \\(\\d s\\)`));
    expect(code).toBe(0);
    expect(await session.ended).toBe('57P01');
  });

  test('what is over in a moment shows no time', async () => {
    const database = await scratch.database();
    const { output } = await runOnTerminal(['sessions'], { env: { DATABASE_URL: serverUrl({ database }) } });
    expect(stripVTControlCharacters(output)).not.toContain('Waiting');
  });
});
