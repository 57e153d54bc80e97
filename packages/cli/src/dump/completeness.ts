/** The lines that pg_dump and pg_dumpall write at the beginning and the end of a dump. */
const beginning = /^-- PostgreSQL database (?:cluster )?dump\s*$/;
const ending = /^-- PostgreSQL database (?:cluster )?dump complete\s*$/;

/** Whether a comment may be one of those that are read here, by its first letter. Most are not, and there are many. */
export function mayTell(comment: Buffer): boolean {
  const letter = comment[3];
  return letter === nameLetter || letter === postgresLetter;
}

const [nameLetter, postgresLetter] = Buffer.from('NP');

/** Checks whether everything that pg_dump began in a file is complete. */
export class Completeness {
  #open = 0;
  #isEnded = false;
  #follows = false;

  /** Whether pg_dump or pg_dumpall made it, at least in part. */
  get isFromPgDump(): boolean {
    return this.#open > 0 || this.#isEnded;
  }

  comment(text: string): void {
    if (beginning.test(text)) this.#open += 1;
    else if (ending.test(text)) {
      this.#open = Math.max(0, this.#open - 1);
      this.#isEnded = true;
    }
  }

  statement(): void {
    this.#follows = this.#isEnded && this.#open === 0;
  }

  /** The reason why a file that has been read to its end is not complete; `undefined` if it is. */
  get problem(): string | undefined {
    if (this.#open > 0) return 'it lacks the comment with which pg_dump ends a dump';
    if (this.#follows) return 'there are statements after the comment with which pg_dump ends a dump';
    return undefined;
  }
}

/** The comment that pg_dump puts above each object (`_printTocEntry()`, src/bin/pg_dump/pg_backup_archiver.c). */
const heading =
  /^-- Name: (.*); Type: (TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE|FOREIGN TABLE); Schema: (.*); Owner: /s;

/** The relation that a comment of pg_dump's announces. */
export function announcedRelation(
  text: string,
): { readonly isTable: boolean; readonly name: string; readonly label: string } | undefined {
  const [, name, type, schema] = heading.exec(text) ?? [];
  if (name === undefined || type === undefined || schema === undefined) return undefined;
  const label = `${schema} ${name}`;
  return { isTable: type.endsWith('TABLE'), name: label, label };
}
