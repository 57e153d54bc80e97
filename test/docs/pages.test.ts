import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(__dirname, '../..');
const read = (file: string): string => readFileSync(resolve(root, file), 'utf8');

const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(resolve(root, file)));

test('the page of commands says what --help says', () => {
  const script = resolve(root, 'packages/cli/scripts/generate-commands.mjs');
  expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow();
});

test('the page of errors knows every code and every kind of blocker', () => {
  const page = read('docs/errors.md');
  const named = (file: string, type: string): string[] => {
    const [, union = ''] =
      new RegExp(`export type ${type} =((?:\\s*\\|?\\s*'[^']+')+)`).exec(read(file)) ?? [];
    return [...union.matchAll(/'([^']+)'/g)].map(([, word = '']) => word);
  };
  const codes = named('packages/core/src/contract/error.ts', 'PgEvictErrorCode');
  const kinds = named('packages/core/src/contract/blocker.ts', 'BlockerKind');
  expect(codes).toContain('BLOCKED');
  expect(kinds).toContain('session');
  expect([...codes, ...kinds].filter((word) => !page.includes(`| \`${word}\``))).toEqual([]);
});

test('the pages name the majors of PostgreSQL that are tested, as doctor does', () => {
  const [, oldest = '', newest = ''] =
    /oldest: (\d+), newest: (\d+)/.exec(read('packages/core/src/contract/tested-majors.ts')) ?? [];
  const named = pages.flatMap((page) =>
    [...read(page).matchAll(/PostgreSQL 13 ?(?:–|to) ?(\d+)/g)].map(([words, to]) => ({
      page,
      words,
      isTested: oldest === '13' && to === newest,
    })),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter(({ isTested }) => !isTested)).toEqual([]);
  const embedded = [...read('packages/server/src/binaries/platform-package.ts').matchAll(/^ {2}(\d+): '/gm)];
  expect(embedded.map(([, major]) => major)).toEqual(
    Array.from({ length: Number(newest) - Number(oldest) + 1 }, (_, index) => String(Number(oldest) + index)),
  );
});

/** The name GitHub gives to the anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');

test.each(pages)('the links of %s lead somewhere', (page) => {
  const text = read(page).replaceAll(/^```.*?^```$/gms, '');
  const broken = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)]
    .map(([, link, picture]) => link ?? picture ?? '')
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : relative(root, resolve(root, dirname(page), path));
      if (!existsSync(resolve(root, target))) return true;
      // An anchor is in a page; that of a folder is in its README.
      if (anchor === undefined) return false;
      const isFolder = statSync(resolve(root, target)).isDirectory();
      const headings = [...read(isFolder ? join(target, 'README.md') : target).matchAll(/^#+ (.*)$/gm)].map(
        ([, heading = '']) => anchorOf(heading),
      );
      return !headings.includes(anchor);
    });
  expect(broken).toEqual([]);
});
