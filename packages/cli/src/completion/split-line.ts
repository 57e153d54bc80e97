/**
 * The words of a command line as far as it is typed, as a shell takes them: quotes and backslashes are taken away. The
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
