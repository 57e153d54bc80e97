import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const readme = readFileSync(join(__dirname, '../../packages/server/README.md'), 'utf8');

it('the example of the README runs', () => {
  const example = /^```js\n(.*?)^```$/ms.exec(readme)?.[1];
  if (example === undefined) throw new Error('The README has no example.');
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', example], {
    cwd: join(__dirname, '..'),
    encoding: 'utf8',
  });
  expect(output).toMatch(/PostgreSQL 18\./);
});
