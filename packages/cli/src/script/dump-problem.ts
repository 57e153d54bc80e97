/** A problem in a dump that prevents it from being restored. */
export class DumpProblem extends Error {
  /** Its position, in bytes from the beginning. */
  readonly at: number;
  /** The beginning of the statement, if it is one. */
  readonly statement: string | undefined;
  /** `refused`: nothing of it was sent; `incomplete`: the file is cut off; `empty`; `failed`: the server refused it. */
  readonly kind: 'refused' | 'incomplete' | 'empty' | 'failed';
  /** Whether nothing was created before it. */
  readonly madeNothing: boolean;
  /** The remedy, where it is not that of the kind. */
  readonly hint: string | undefined;

  constructor(
    kind: DumpProblem['kind'],
    message: string,
    {
      at,
      statement,
      madeNothing = false,
      cause,
      hint,
    }: { at: number; statement?: string; madeNothing?: boolean; cause?: unknown; hint?: string },
  ) {
    super(message, { cause });
    this.kind = kind;
    this.at = at;
    this.statement = statement;
    this.madeNothing = madeNothing;
    this.hint = hint;
  }
}
