/**
 * Whether to colour the output on a stream: on a terminal, unless NO_COLOR says no; anywhere with FORCE_COLOR.
 * `--no-color` is turned into NO_COLOR at start-up, so that the libraries follow it too.
 */
export function wantsColor(stream: NodeJS.WriteStream): boolean {
  if (stream.isTTY) return stream.hasColors();
  const force = process.env['FORCE_COLOR'];
  return force !== undefined && force !== '0' && force !== 'false' && !process.env['NO_COLOR'];
}
