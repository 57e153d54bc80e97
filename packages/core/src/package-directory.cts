/**
 * The directory of this build. A CommonJS module in both builds, because only a CommonJS module can determine its path
 * in both.
 */
export const packageDirectory: string = __dirname;
