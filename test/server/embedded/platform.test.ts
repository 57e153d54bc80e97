import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

test('on Windows an embedded server is refused, with what there is instead', () => {
  const code = `require('@pg-evict/server').startServer({ kind: 'embedded' })
    .catch(({ code, message }) => console.log(JSON.stringify({ code, message })))`;
  const asWindows = resolve(__dirname, '../../support/as-windows.cjs');
  const output = execFileSync(process.execPath, ['--require', asWindows, '--eval', code], {
    cwd: __dirname,
    encoding: 'utf8',
  });
  expect(JSON.parse(output)).toEqual({
    code: 'PLATFORM_UNSUPPORTED',
    message: expect.stringMatching(
      /not on win32-.* installed here, or one in a container: kind: 'testcontainers'\.$/,
    ),
  });
});
