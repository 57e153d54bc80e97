import { pick, randomNumbers } from './random.js';

/** Characters of encodings, byte by byte: among them those of which a later byte is ASCII. */
export const encodings = {
  UTF8: ['\xc3\xa4', '\xe8\xaa\x9e', '\xf0\x9f\x98\x80'],
  LATIN1: ['\xe4', '\xf6', '\xff'],
  SJIS: ['\x83\x5c', '\x95\x5c', '\x82\xa0', '\xb1'],
  EUC_JP: ['\xa4\xa2', '\x8e\xb1', '\x8f\xb0\xa1'],
  GB18030: ['\x81\x5c', '\x81\x30\x84\x36', '\xc4\xe3', '\x95\x5c'],
  BIG5: ['\xa5\x5c', '\xa4\x40', '\xb3\x5c'],
} as const;

/** A dump made at random, with what leads out of it in every place where a reader may be misled. */
export interface RandomDump {
  readonly content: Buffer;
  readonly encoding: keyof typeof encodings;
  /** A sign that was put somewhere where it does not belong. */
  readonly broken: string | undefined;
}

/**
 * @param outward lines that would lead out of the database if they were read as commands or statements
 * @param hasCsv whether there are data in CSV. A psql up to 17 sends a server from 18 on the end of them as a row of its own.
 */
export function randomDump(seed: number, outward: readonly string[], hasCsv = true): RandomDump {
  return new Generator(seed, outward, hasCsv).dump();
}

class Generator {
  readonly #random: () => number;
  readonly #outward: readonly string[];
  readonly #hasCsv: boolean;
  #encoding: keyof typeof encodings;
  #escapes = false;
  #tables = 0;
  #sequences = 0;

  constructor(seed: number, outward: readonly string[], hasCsv: boolean) {
    this.#hasCsv = hasCsv;
    this.#random = randomNumbers(seed);
    this.#outward = outward;
    this.#encoding = this.#pick(Object.keys(encodings) as (keyof typeof encodings)[]);
  }

  dump(): RandomDump {
    const parts = [`SET client_encoding = '${this.#encoding}';\n`, this.#table()];
    // Otherwise the server refuses \' in most encodings.
    if (this.#random() < 0.8) parts.push('SET backslash_quote = on;\n');
    const statements = 5 + Math.floor(this.#random() * 30);
    for (let index = 0; index < statements; index += 1) parts.push(this.#space(), this.#statement());
    let text = parts.join('');
    if (this.#random() < 0.1) text = text.replaceAll('\n', '\r\n');
    // A carriage return alone ends a comment for the server, and a line for nobody.
    else if (this.#random() < 0.05)
      text = text.replaceAll(/(?<!\\\.)\n(?!\\)/g, (end) => this.#pick([end, end, '\r']));
    if (this.#random() < 0.2) text = text.replace(/;\s*$/, '');
    // Something that is not as it should be.
    let broken: string | undefined;
    if (this.#random() < 0.15) {
      const at = Math.floor(this.#random() * text.length);
      broken = this.#pick(["'", '"', '$$', '/*', '\\', ';', '(', ')', '--', '\r']);
      text = text.slice(0, at) + broken + text.slice(at);
    }
    return { content: Buffer.from(text, 'latin1'), encoding: this.#encoding, broken };
  }

  #pick<T>(values: readonly T[]): T {
    return pick(values, this.#random());
  }

  /** Text as it may be in a literal or in data, with every trap. */
  #text(): string {
    const pieces: string[] = [];
    for (let count = Math.floor(this.#random() * 6); count >= 0; count -= 1) {
      pieces.push(
        this.#pick([
          () => 'abc',
          () => "'",
          () => "''",
          () => '\\',
          () => "\\'",
          () => '"',
          () => '$$',
          () => '--',
          () => '/*',
          () => '*/',
          () => ';',
          () => '\n',
          () => '\\.',
          () => '\n\\.\n',
          () => `\n${this.#pick(this.#outward)}\n`,
          () => this.#pick(encodings[this.#encoding]),
          () => this.#pick(encodings[this.#encoding]),
        ])(),
      );
    }
    return pieces.join('');
  }

  /** Text as a literal of some kind, which the server reads as it is meant. */
  #literal(): string {
    const text = this.#text();
    const doubled = text.replaceAll("'", "''");
    const whole = this.#characters(text);
    const escaped = whole
      .map((character) => (character === '\\' || character === "'" ? `\\${character}` : character))
      .join('');
    return this.#pick([
      () => (this.#escapes ? `'${escaped}'` : `'${doubled}'`),
      () => (this.#escapes ? `'${escaped}'` : `'${doubled}'`),
      () => this.#pick(['E', 'e']) + `'${escaped}'`,
      () => `E'a'${this.#pick(['\n', ' \n  ', '\n-- x\n', ' -- it\n'])}'${escaped}'`,
      () => `$t1$${text}$t1$`,
      () => `$_1$${text.replaceAll('$', '')}$_1$`,
      () => this.#tagged(text),
      () => (this.#escapes ? `'${escaped}'` : `U&'${doubled.replaceAll('\\', '\\\\')}'`),
      () => (this.#escapes ? `N'${escaped}'` : `${this.#pick(['N', 'n'])}'${doubled}'`),
      () =>
        this.#escapes ? `'${escaped}'` : `'a'${this.#pick(['\n', '\r\n', " -- ; ' \n", '\f\n'])}'${doubled}'`,
      () => `('a' ||/* ' */$$${text.replaceAll('$', '')}$$||X'1F'::text)`,
      () => `('a' || $q$${text}$q$)`,
    ])();
  }

  /** A dollar quote with a tag of letters that are no ASCII, and one within it that is another. */
  #tagged(text: string): string {
    const tag = `$${this.#pick(encodings[this.#encoding])}1$`;
    const inner = text.replaceAll('$', '');
    return `${tag}${inner}${this.#pick(['$$', '$1$', tag.slice(0, -2), ''])}${inner}${tag}`;
  }

  /** Characters of the encoding: a trailing byte is no character of its own. */
  #characters(text: string): string[] {
    const known = encodings[this.#encoding].toSorted((a, b) => b.length - a.length);
    const characters: string[] = [];
    for (let at = 0; at < text.length;) {
      const found = known.find((character) => text.startsWith(character, at)) ?? text.charAt(at);
      characters.push(found);
      at += found.length;
    }
    return characters;
  }

  #comment(): string {
    const text = this.#text().replaceAll(/\*\/|\/\*/g, '');
    return this.#pick([
      () => `-- ${text.replaceAll(/[\n\r]/g, ' ')}\n`,
      () => `/* ${text} */`,
      () => `/* a /* ${text} */ b */`,
    ])();
  }

  #space(): string {
    return this.#pick([() => ' ', () => '\n', () => '\t\n', () => '\f', () => this.#comment()])();
  }

  #table(): string {
    this.#tables += 1;
    return `CREATE TABLE public.t${this.#tables} (a text);\n`;
  }

  #name(): string {
    return `public.t${1 + Math.floor(this.#random() * this.#tables)}`;
  }

  #statement(): string {
    return this.#pick([
      () => this.#table(),
      () => this.#insert(),
      () => this.#insert(),
      () => this.#insert(),
      () => this.#copy(),
      () => this.#copy(),
      () => this.#conforming(),
      () => this.#definitions(),
      () => this.#definitions(),
      () => 'DO $do$ BEGIN PERFORM $$;$$; END $do$;\n',
      () =>
        `CREATE OR REPLACE FUNCTION public.f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END;\n`,
      () => `CREATE OR REPLACE RULE r AS ON DELETE TO ${this.#name()} DO ALSO (SELECT 1; SELECT ';');\n`,
      () => this.#atomic(),
      () => this.#rule(),
      () => this.#transaction(),
      () => this.#recode(),
      () => `SELECT 1 AS a$b$, 2 AS "odd;--'${this.#pick(['""', '$$', '/*'])}", 3 AS U&"\\0061;";\n`,
      () => `SELECT 1*/* ; */2, 3-- ;\n+4, 5 -/* /* ' */ */6, '{1}'::int[] @>/* $$ */'{1}';\n`,
      () => `COPY (SELECT a FROM ${this.#name()} WHERE a <> ${this.#literal()}) TO STDOUT;\n`,
      () =>
        `COMMENT ON TABLE ${this.#name()} IS ${this.#escapes ? 'NULL' : `'${this.#pick(this.#outward).replaceAll("'", "''")}'`};\n`,
    ])();
  }

  /** As pg_dump writes them: they read the same with all settings, also those that a function has just changed. */
  #definitions(): string {
    this.#sequences += 1;
    const [table, sequence] = [this.#name(), `public.s${this.#sequences}`];
    const all = [
      `CREATE SEQUENCE ${sequence}\n    AS integer\n    START WITH 1\n    INCREMENT BY 1\n    NO MINVALUE\n    CACHE 1;\n`,
      `ALTER SEQUENCE ${sequence} OWNER TO CURRENT_USER;\n`,
      `ALTER SEQUENCE ${sequence} OWNED BY ${table}.a;\n`,
      `ALTER TABLE ${table} OWNER TO CURRENT_USER;\n`,
      `ALTER TABLE ONLY ${table} ALTER COLUMN a SET DEFAULT nextval('${sequence}'::regclass);\n`,
      `SELECT pg_catalog.setval('${sequence}', ${this.#sequences}, true);\n`,
    ];
    if (this.#random() < 0.05) all.push(`ALTER TABLE ONLY ${table}\n    ADD CONSTRAINT k PRIMARY KEY (a);\n`);
    const before = this.#random() < 0.5 ? this.#byFunction() : '';
    return before + all.slice(0, 1 + Math.floor(this.#random() * all.length)).join('\n');
  }

  /** Changes of settings that cannot be seen in a statement's text. */
  #byFunction(): string {
    let setting: string;
    if (this.#random() < 0.5) {
      this.#escapes = this.#random() < 0.5;
      setting = `standard_conforming_strings = ${this.#escapes ? 'off' : 'on'}`;
    } else {
      this.#encoding = this.#pick(Object.keys(encodings) as (keyof typeof encodings)[]);
      setting = `client_encoding = ${this.#encoding}`;
    }
    return `DO $do$ BEGIN EXECUTE 'SET ${setting}'; END $do$;\n`;
  }

  #insert(): string {
    const space = this.#random() < 0.3 ? this.#space() : ' ';
    return `INSERT${space}INTO ${this.#name()} VALUES (${this.#literal()});${this.#random() < 0.5 ? '\n' : ''}`;
  }

  #atomic(): string {
    const what = this.#pick(['FUNCTION', 'function', 'FUNCTION/* ; */']);
    const body = this.#pick([
      'SELECT 1; SELECT CASE WHEN true THEN CASE WHEN false THEN 1 END END;',
      'SELECT \'END;\'; SELECT 1 AS "end";',
      'SELECT (SELECT 1); /* END; */ SELECT 2; -- END;\n',
    ]);
    return `CREATE OR REPLACE ${what} public.g(a int DEFAULT (1)) RETURNS int LANGUAGE sql ${this.#pick(['BEGIN', 'begin'])} ATOMIC ${body} ${this.#pick(['END', 'end'])};\n`;
  }

  #rule(): string {
    const table = this.#name();
    return `CREATE OR REPLACE RULE r AS ON DELETE TO ${table} DO ALSO (INSERT INTO ${table} VALUES (${this.#literal()}); NOTIFY x; SELECT ${this.#literal()});\n`;
  }

  /** What is set in it for its time only is put back by the server. */
  #transaction(): string {
    const before = this.#escapes;
    const off = this.#random() < 0.5;
    this.#escapes = off;
    const inside = `SET LOCAL standard_conforming_strings = ${off ? 'off' : 'on'};\n${this.#insert()}${this.#copy()}`;
    this.#escapes = before;
    return `BEGIN;${this.#space()}${inside}COMMIT;${this.#space()}${this.#insert()}`;
  }

  #recode(): string {
    this.#encoding = this.#pick(Object.keys(encodings) as (keyof typeof encodings)[]);
    return this.#pick([
      `SET client_encoding TO ${this.#encoding};\n`,
      `SET NAMES '${this.#encoding}';\n`,
      `SELECT pg_catalog.set_config('client_encoding', '${this.#encoding}', false);\n`,
    ]);
  }

  /** Data with other signs than usual, and quotes over several lines. */
  #csv(): string {
    const rows: string[] = [];
    for (let count = Math.floor(this.#random() * 4); count > 0; count -= 1) {
      const text = this.#text()
        .replaceAll(/\n\\\.\n/g, '')
        .replaceAll(/[|\n]/g, () => this.#pick(['|', '\nx']));
      rows.push(`"${text.replaceAll('"', '""')}"\n`);
    }
    const [options, header] = this.#pick([
      ["(FORMAT csv, DELIMITER '|', HEADER)", 'a\n'],
      ['CSV', ''],
      ["WITH (FORMAT csv, NULL '-', FORCE_NOT_NULL (a))", ''],
    ]);
    return `COPY ${this.#name()} (a) FROM stdin ${options};\n${header}${rows.join('')}\\.\n`;
  }

  #copy(): string {
    if (this.#random() < 0.25 && this.#hasCsv) return this.#csv();
    const rows: string[] = [];
    for (let count = Math.floor(this.#random() * 4); count > 0; count -= 1) {
      const row = this.#characters(this.#text())
        .map((character) => (character === '\\' ? '\\\\' : character === '\n' ? '\\n' : character))
        .join('');
      rows.push(`${row}\n`);
    }
    const line = this.#random() < 0.8 ? '' : ' -- behind it';
    return `COPY ${this.#name()}${this.#space()}(a) FROM ${this.#pick(['stdin', 'STDIN'])};${line}\n${rows.join('')}\\.\n`;
  }

  #conforming(): string {
    const off = this.#random() < 0.5;
    this.#escapes = off;
    const value = off ? ['off', "'off'", 'false', '0'] : ['on', "'on'", 'true', '1'];
    return this.#pick([
      () => `SET standard_conforming_strings = ${this.#pick(value)};\n`,
      () => `SET SESSION standard_conforming_strings TO ${this.#pick(value)};\n`,
      () => `SELECT set_config('standard_conforming_strings', '${off ? 'off' : 'on'}', false);\n`,
    ])();
  }
}
