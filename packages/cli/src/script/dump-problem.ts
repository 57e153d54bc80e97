/** Something in a dump because of which it is not restored. */
export class DumpProblem extends Error {
  /** Where it is, in bytes from the beginning. */
  readonly at: number;
  /** How the statement begins, where it is one. */
  readonly statement: string | undefined;
  /** `refused`: nothing of it was sent; `incomplete`: the file is cut off; `empty`; `failed`: the server refused it. */
  readonly kind: 'refused' | 'incomplete' | 'empty' | 'failed';
  /** Whether nothing was made before it. */
  readonly madeNothing: boolean;

  constructor(
    kind: DumpProblem['kind'],
    message: string,
    {
      at,
      statement,
      madeNothing = false,
      cause,
    }: { at: number; statement?: string; madeNothing?: boolean; cause?: unknown },
  ) {
    super(message, { cause });
    this.kind = kind;
    this.at = at;
    this.statement = statement;
    this.madeNothing = madeNothing;
  }
}
