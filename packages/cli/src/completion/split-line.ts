/**
 * The words of a command line as far as it is typed, as a shell splits them: quotes and backslashes are removed. The
 * last word is the one at the cursor, which may be empty.
 */
export function splitLine(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  let isOpen = false;
  for (let index = 0; index < line.length; index += 1) {
    const character = line.charAt(index);
    if (quote === "'" ? character === "'" : quote !== '' && character === quote) quote = '';
    else if (quote !== "'" && character === '\\') {
      index += 1;
      word += line.charAt(index);
      isOpen = true;
    } else if (quote !== '') word += character;
    else if (character === '"' || character === "'") {
      quote = character;
      isOpen = true;
    } else if (/\s/.test(character)) {
      if (isOpen || word !== '') words.push(word);
      word = '';
      isOpen = false;
    } else word += character;
  }
  return [...words, word];
}
