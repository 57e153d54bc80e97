import { readFile, readdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/** The licences of the packages that a bundle of a package's is made of: theirs ask to go with every copy. */
export async function thirdPartyLicences(root, { inputs }) {
  const folders = new Set();
  for (const file of Object.keys(inputs)) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file.replaceAll('\\', '/'));
    if (match !== null) folders.add(join(root, match[1]));
  }
  const texts = await Promise.all([...folders].map(async (folder) => licenceOf(folder, dirname(root))));
  return `${[...new Set(texts)].toSorted().join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

async function licenceOf(folder, from) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined && license === undefined) {
    throw new Error(`${name} says nothing of its licence (${relative(from, folder)}).`);
  }
  const text = file === undefined ? `License: ${license}` : await readFile(join(folder, file), 'utf8');
  return `${name} ${version}\n\n${text.trim()}`;
}
