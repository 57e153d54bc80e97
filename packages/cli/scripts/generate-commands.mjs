// Writes docs/commands.md from what `--help` says. `--check` writes nothing and fails where the page is stale.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const bin = fileURLToPath(new URL('../bin/pg-evict.cjs', import.meta.url));
const page = new URL('../../../docs/commands.md', import.meta.url);

async function help(...command) {
  const { stdout } = await promisify(execFile)(process.execPath, [bin, ...command, '--help'], {
    env: { ...process.env, COLUMNS: '100', NO_COLOR: '1' },
  });
  return stdout.trim();
}

/** The options that every command has are shown once. */
const ownPart = (text) =>
  text.replace(/\n(Connection|Options of every command):\n(?: .*\n?)*/g, '').replaceAll(/\n{3,}/g, '\n\n');

const overview = await help();
const list = overview.slice(overview.indexOf('\nCommands:'));
const commands = [...list.matchAll(/^ {2}([a-z]+) /gm)]
  .map(([, name]) => name)
  .filter((name) => name !== 'help');
const sections = await Promise.all(
  commands.map(async (name) => `## ${name}\n\n\`\`\`text\n${ownPart(await help(name)).trim()}\n\`\`\``),
);
const generated = [
  '# Commands',
  '<!-- Generated from --help: corepack pnpm --filter pg-evict generate -->',
  `\`\`\`text\n${overview}\n\`\`\``,
  ...sections,
].join('\n\n');

if (!process.argv.includes('--check')) {
  await writeFile(page, `${generated}\n`);
} else if ((await readFile(page, 'utf8').catch(() => '')) !== `${generated}\n`) {
  throw new Error('docs/commands.md is stale: corepack pnpm --filter pg-evict generate');
}
