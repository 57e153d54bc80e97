/**
 * The code of an ES module that asks for Node's own modules as `require` does: for an `import`, Node makes a module of
 * each, and asks it for all that it has, which takes as long as all of ours.
 *
 * @param code from esbuild, which has each `import` begin a line of its own
 * @param others the modules that it may import
 */
export function askingForBuiltins(code, others = []) {
  const importLine = /^import (?:(\w+)(?:, )?)?(\{[^}]+\})? from "(node:[\w/]+)";$/gm;
  const asking = code.replaceAll(importLine, (_line, main, named, name) => {
    const builtin = `process.getBuiltinModule("${name}")`;
    const constants = [main, named?.replaceAll(' as ', ': ')].filter(Boolean);
    return constants.map((constant) => `const ${constant} = ${builtin};`).join(' ');
  });
  const left = asking.match(/^import\b.*/gm) ?? [];
  const unknown = left.filter((line) => !others.some((other) => line.endsWith(`from "${other}";`)));
  if (unknown.length > 0) throw new Error(`cannot be asked for otherwise: ${unknown.join(' ')}`);
  return asking;
}
