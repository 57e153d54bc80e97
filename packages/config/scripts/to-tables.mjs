import { namedObjects } from './to-type.mjs';

/** One table for each object of the schema, under the path where it stands. */
export function toTables(schema) {
  return namedObjects(schema)
    .map((object) => {
      const rows = Object.entries(object.properties).map(([name, node]) =>
        [`\`${name}\``, toShortType(node).join(', '), node.byDefault ?? '', node.description].join(' | '),
      );
      return [
        `### ${pathOf(schema, object.title)}`,
        '',
        '| Key | Type | Default | Meaning |',
        '| --- | --- | --- | --- |',
        ...rows.map((row) => `| ${row} |`),
      ].join('\n');
    })
    .join('\n\n');
}

/** The type in short: a function is a function, whatever it returns. */
function toShortType(node) {
  if (node.functionType !== undefined) return ['`function`'];
  if (node.anyOf !== undefined) return [...new Set(node.anyOf.flatMap(toShortType))];
  if (node.const !== undefined) return [`\`${JSON.stringify(node.const)}\``];
  if (node.enum !== undefined) return node.enum.map((value) => `\`'${value}'\``);
  if (node.type === 'array') return [`list of ${toShortType(node.items).join(' or ')}`];
  return [`\`${node.type === 'integer' ? 'number' : node.type}\``];
}

/** Where an object stands: `testing.server`, `sessions.keep[]`. */
function pathOf(node, title, path = '') {
  if (node === null || typeof node !== 'object') return undefined;
  if (node.title === title) return path === '' ? 'The file' : `\`${path}\``;
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    const found = pathOf(child, title, path === '' ? key : `${path}.${key}`);
    if (found) return found;
  }
  if (node.items) return pathOf(node.items, title, `${path}[]`);
  for (const option of node.anyOf ?? []) {
    const found = pathOf(option, title, path);
    if (found) return found;
  }
  return undefined;
}
