/**
 * A word of a command line without the passwords in it, to be printed and run again: of a URL, alone or behind an
 * option (`--url=…`, `-d…`), and of `password=…`. Whoever gave one gives it again.
 */
export function withoutPassword(word: string): string {
  const [, before = '', text = ''] = /^([^:/]*?)(\w[\w+.-]*:\/\/.*)$/s.exec(word) ?? [];
  if (text === '') return word.replaceAll(/(password\s*=\s*)[^\s'"]+/gi, '$1…');
  if (!text.includes('@') && !/password/i.test(text)) return word;
  if (!URL.canParse(text)) return `${before}…`;
  const url = new URL(text);
  url.password = '';
  for (const name of ['password', 'sslpassword']) url.searchParams.delete(name);
  return `${before}${url.href}`;
}
