/**
 * A word of a command line without the passwords in it, to be printed and run again: of a URL, alone or after an option
 * (`--url=…`, `-d…`), and of `password=…`. The user has to enter the password again.
 */
export function withoutPassword(word: string): string {
  const { before, text } = urlIn(word);
  if (text === '') return word.replaceAll(/(password\s*=\s*)[^\s'"]+/gi, '$1…');
  if (!text.includes('@') && !/password/i.test(text)) return word;
  if (!URL.canParse(text)) return `${before}…`;
  const url = new URL(text);
  url.password = '';
  for (const name of ['password', 'sslpassword']) url.searchParams.delete(name);
  return `${before}${url.href}`;
}

/** A word without its URL, and the URL; a scheme is searched from its end, as a word may be long. */
function urlIn(word: string): { readonly before: string; readonly text: string } {
  const end = word.indexOf('://');
  let start = Math.max(end, 0);
  while (start > 0 && /[\w+.-]/.test(word.charAt(start - 1))) start -= 1;
  while (start < end && !/\w/.test(word.charAt(start))) start += 1;
  const before = word.slice(0, start);
  return start >= end || /[:/]/.test(before) ? { before: '', text: '' } : { before, text: word.slice(start) };
}
