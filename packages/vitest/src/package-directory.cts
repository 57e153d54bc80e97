/**
 * The folder of this build. A CommonJS module in both builds, because it is the only kind that knows its
 * place in both.
 */
export const packageDirectory: string = __dirname;
