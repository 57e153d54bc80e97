import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSync } from '@swc/core';

/** A file of a package's sources, with what it imports, types included. */
export interface SourceFile {
  /** Relative to src/. */
  readonly path: string;
  /** Files of the package, relative to src/; those that are not there, or lie outside of src/, as they were written. */
  readonly own: readonly string[];
  readonly unresolved: readonly string[];
  /** Specifiers of packages and of Node. */
  readonly packages: readonly string[];
}

/** The sources of a package: every static import, re-export, import() and require() of a literal, and import type. */
export function readSources(source: string): SourceFile[] {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.[cm]?[jt]s$/.test(path))
    .map((path) => path.replaceAll('\\', '/'));
  return files.toSorted().map((path) => {
    const specifiers = importsOf(readFileSync(join(source, path), 'utf8'));
    const relatives = specifiers.filter((specifier) => specifier.startsWith('.'));
    const resolved = relatives.map((specifier) => [specifier, fileOf(source, path, specifier)] as const);
    return {
      path,
      own: resolved.flatMap(([, file]) => (file === undefined ? [] : [file])),
      unresolved: resolved.flatMap(([specifier, file]) => (file === undefined ? [specifier] : [])),
      packages: specifiers.filter((specifier) => !specifier.startsWith('.')),
    };
  });
}

/** A way from a file back to itself, if there is one. */
export function findCircle(files: readonly SourceFile[]): readonly string[] | undefined {
  const imports = new Map(files.map(({ path, own }) => [path, own]));
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): readonly string[] | undefined => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const next of imports.get(path) ?? []) {
      const circle = visit(next, [...way, path]);
      if (circle !== undefined) return circle;
    }
    done.add(path);
    return undefined;
  };
  for (const { path } of files) {
    const circle = visit(path, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

function fileOf(source: string, from: string, specifier: string): string | undefined {
  const written = resolve(source, dirname(from), specifier);
  const file = [written, written.replace(/\.([cm]?)js$/, '.$1ts')].find((candidate) => existsSync(candidate));
  if (file === undefined) return undefined;
  const path = relative(source, file).replaceAll('\\', '/');
  return path.startsWith('..') ? undefined : path;
}

/** What a module imports, as it is written there. */
export function importsOf(text: string): string[] {
  const found = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const child of node) visit(child);
    } else if (typeof node === 'object' && node !== null) {
      const specifier = specifierOf(node);
      if (specifier !== undefined) found.add(specifier);
      for (const child of Object.values(node)) visit(child);
    }
  };
  visit(parseSync(text, { syntax: 'typescript', target: 'es2022' }).body);
  return [...found];
}

interface SyntaxNode {
  readonly type?: string;
  readonly value?: unknown;
  readonly source?: SyntaxNode | null;
  readonly expression?: SyntaxNode;
  readonly argument?: SyntaxNode;
  readonly callee?: SyntaxNode;
  readonly arguments?: readonly { readonly expression: SyntaxNode }[];
}

function specifierOf(node: SyntaxNode): string | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      return literal(node.source);
    case 'TsImportType':
      return literal(node.argument);
    case 'TsExternalModuleReference':
      return literal(node.expression);
    case 'CallExpression':
      return node.callee?.type === 'Import' || node.callee?.value === 'require'
        ? literal(node.arguments?.[0]?.expression)
        : undefined;
    case undefined:
    default:
      return undefined;
  }
}

const literal = (node: SyntaxNode | null | undefined): string | undefined =>
  node?.type === 'StringLiteral' ? String(node.value) : undefined;
