/** The TypeScript type of a node of the annotated JSON schema; objects with a title are interfaces of that name. */
export function toType(node) {
  if (node.functionType !== undefined) return node.functionType;
  if (node.anyOf !== undefined) {
    const types = node.anyOf.map((option) => (option.functionType ? `(${toType(option)})` : toType(option)));
    return [...new Set(types)].join(' | ');
  }
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum !== undefined) return node.enum.map((value) => `'${value}'`).join(' | ');
  if (node.const !== undefined) return JSON.stringify(node.const);
  switch (node.type) {
    case 'array': {
      const item = toType(node.items);
      return `readonly ${item.includes('|') ? `(${item})` : item}[]`;
    }
    case 'object':
      if (node.title !== undefined) return node.title;
      return `Readonly<Record<string, ${toType(node.additionalProperties)}>>`;
    case 'integer':
      return 'number';
    default:
      return node.type ?? 'unknown';
  }
}

/** Every object with a title in a schema, the outermost first. */
export function namedObjects(node, found = []) {
  if (node === null || typeof node !== 'object') return found;
  if (
    node.type === 'object' &&
    node.title !== undefined &&
    !found.some(({ title }) => title === node.title)
  ) {
    found.push(node);
  }
  for (const child of Object.values(node)) namedObjects(child, found);
  return found;
}
