import { reasons } from './statement-rules.js';
import type { Words } from './words.js';

type Decode = (bytes: Buffer) => string;

/** Settings that no statement of a dump may change, as far as that can be seen. */
const refused: Readonly<Record<string, string>> = { allow_system_table_mods: reasons.catalogChanges };

/** The reason why `SET` is refused, with the setting's name at an index; `undefined` if it is not. */
export function setsRefused(words: Words, at: number, decode: Decode): string | undefined {
  const name = words.name(at, decode);
  if (name === undefined && words.at(at)?.isEscaped) return reasons.hiddenSetting;
  return refused[name?.toLowerCase() ?? ''];
}

/**
 * The reason why a statement that calls `set_config()` is refused; `undefined` if it does not, or for a harmless
 * setting.
 */
export function callsSetConfig(words: Words, decode: Decode): string | undefined {
  for (let at = 0; words.at(at) !== undefined; at += 1) {
    if (!isSetConfig(words, at, decode)) continue;
    const setting = words.at(at + 2)?.value;
    // Any other argument may become the name of any setting.
    if (setting === undefined || words.at(at + 3)?.text !== ',') return reasons.hiddenSetting;
    const reason = refused[setting.toLowerCase()];
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Whether the function called there is, or may be, `set_config()`. */
export function isSetConfig(words: Words, at: number, decode: Decode): boolean {
  if (words.at(at + 1)?.text !== '(') return false;
  const called = words.name(at, decode);
  return called === 'set_config' || (called === undefined && words.at(at)?.isEscaped === true);
}

/** The reason why a statement on a function with settings of its own is refused (`CREATE FUNCTION … SET …`). */
export function setsWithin(words: Words, decode: Decode): string | undefined {
  for (let at = words.find(set, 2); at !== -1; at = words.find(set, at + 1)) {
    const reason = setsRefused(words, at + 1, decode);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

const set = new Set(['SET']);
