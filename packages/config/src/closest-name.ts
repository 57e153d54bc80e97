import leven from 'leven';

/** The name somebody most likely meant, `undefined` where none is near. */
export function closestName(name: string, names: Iterable<string>): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const candidate of names) {
    const distance = leven(name.toLowerCase(), candidate.toLowerCase());
    // Two letters swapped are a distance of two; of short names everything is near.
    const limit = candidate.length < 4 ? 1 : Math.max(2, Math.floor(candidate.length / 3));
    if (distance <= limit && distance < (best?.distance ?? Infinity)) {
      best = { name: candidate, distance };
    }
  }
  return best?.name;
}
