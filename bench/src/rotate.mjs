/** Another order every round, so that nobody always comes after the same one. */
export function rotate(items, round) {
  const at = round % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
