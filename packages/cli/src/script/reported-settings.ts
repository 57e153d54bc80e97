import { characterLengthOf } from '../sql/encodings.js';
import type { Lexis } from '../sql/lexer.js';

/** The settings that decide how the server reads SQL, as it last reported them. */
export class ReportedSettings {
  /** A new object when the rules for reading SQL have changed. */
  lexis: Lexis = { backslashEscapes: false, characterLength: undefined };
  encoding = 'UTF8';

  /** Notes a reported setting; most are of no interest. */
  readonly learn = (name: string, value: string): void => {
    if (name === 'standard_conforming_strings') {
      this.lexis = { ...this.lexis, backslashEscapes: value === 'off' };
    } else if (name === 'client_encoding') {
      this.encoding = value;
      this.lexis = { ...this.lexis, characterLength: characterLengthOf(value) };
    }
  };
}
