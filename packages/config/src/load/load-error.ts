import { PgEvictError } from '@pg-evict/core';

/** The first line of an error in a user's file, without text that looks like a URL with a password. */
export function errorSummary(error: unknown): string {
  const message: unknown =
    typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  const [first = '', ...others] = String(message).split('\n');
  // A parser gives the position on a line of its own.
  const line = /:(\d+):\d+\s*$/.exec(others.join('\n'))?.[1];
  const summary = first.trim().replaceAll(/[^\s@]+@?/g, withoutLogin);
  return line === undefined ? summary : `${summary} (line ${line})`;
}

/** A piece of a message up to an `@`, without the part of a URL before it. */
function withoutLogin(piece: string): string {
  const scheme = piece.endsWith('@') ? piece.indexOf('://') : -1;
  return scheme === -1 ? piece : `${piece.slice(0, scheme)}://…@`;
}

/** The error for a user's file that fails while it is loaded, because of its contents. */
export function notLoaded(file: string, error: unknown): PgEvictError {
  const { code } = (error ?? {}) as { code?: unknown };
  const isMissing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
  const uncompiled = uncompiledBy(error);
  if (uncompiled !== undefined) {
    return new PgEvictError(
      'CONFIG_INVALID',
      `${file} cannot be loaded: jiti cannot compile ${uncompiled.file}: ${uncompiled.reason}.`,
      {
        hint: "Move the code that needs the project's own compiler, such as decorators, out of it. A template is filled by such code with testing.template.command.",
        cause: error,
      },
    );
  }
  return new PgEvictError(
    'CONFIG_INVALID',
    `${file} cannot be loaded: ${errorSummary(error).replace(/\.$/, '')}.`,
    {
      hint: isMissing
        ? 'Install what it imports, or correct the name there.'
        : 'The file itself fails with this error: correct it there.',
      cause: error,
    },
  );
}

/** The file that jiti failed to compile, the user's own or one that it imports, and why. */
function uncompiledBy(error: unknown): { readonly file: string; readonly reason: string } | undefined {
  const message = String((error as { message?: unknown } | undefined)?.message);
  const [, reason, file] =
    /^TRANSFORM_ERROR: ([^\n]*?)\.?\s*\n\s*(\S[^\n]*?)(?::0)?:\d+\s*$/.exec(message) ?? [];
  return file === undefined || reason === undefined ? undefined : { file, reason: errorSummary(reason) };
}
