import { KnexFixture, rejection } from '../../support/knex/knex-fixture.js';

describe('SQL of any length', () => {
  const fixture = new KnexFixture('knex');

  test.each([
    ['a long string', 'a'.repeat(25_000_000)],
    ['a string of quotes', `''`.repeat(1_000_000)],
  ])('goes through as without the plugin: %s', async (_kind, text) => {
    const knex = fixture.connect('postgres');
    const sql = `SELECT length('create database, drop database ${text}') AS length`;
    const { rows } = await knex.raw<{ rows: { length: number }[] }>(sql);
    expect(rows[0]?.length).toBe(31 + text.replaceAll(`''`, `'`).length);
  });

  test('is refused only by the server if it does not end', async () => {
    const knex = fixture.connect('postgres');
    const tags = Array.from({ length: 200_000 }, (_item, index) => `$a${index}$`).join(' ');
    for (const sql of [`DROP DATABASE ${tags}`, `DROP DATABASE "${'a""'.repeat(500_000)}`]) {
      expect(await rejection(knex.raw(sql))).toMatchObject({ code: '42601' });
    }
  });
});
