import { sayList, sayTitle, style } from './say.mjs';

/** Says what the database is now, beside what it was. */
export function showDatabase(before, now) {
  const kept = (name) =>
    `${now[name]} ${now[name] === before[name] ? style('dim', '(kept)') : `(was ${before[name]})`}`;
  sayTitle('What the database is now');
  sayList([
    [
      'content',
      `${now.rows === undefined ? 'empty' : `${now.rows} orders`} ${style('dim', `(was ${before.rows} orders)`)}`,
    ],
    ['owner', kept('owner')],
    ['comment', kept('comment')],
    ['settings', kept('settings')],
  ]);
  process.stdout.write('\n');
}
