const message = (code: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head[0] = code.charCodeAt(0);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const nothing = Buffer.alloc(0);

/** Ends the request: the server answers with one ReadyForQuery, also after an error. */
export const sync = message('S', nothing);

const flush = message('H', nothing);
/** The end of the text of Parse, without types of parameters; and the unnamed statement is run without any. */
const execute = Buffer.concat([
  Buffer.from([0, 0, 0]),
  message('B', Buffer.alloc(8)),
  message('E', Buffer.alloc(5)),
]);

/** The messages after the text of a statement: they run it and end it. */
export const executeAndSync = Buffer.concat([execute, sync]);

/** The same, but the statement may ask for data first. */
export const executeAndFlush = Buffer.concat([execute, flush]);

export const copyDoneAndSync = Buffer.concat([message('c', nothing), sync]);

/** No data will follow, although the server has asked for some. */
export const copyFailAndSync = Buffer.concat([message('f', Buffer.from('no data\0')), sync]);

/** Below this, copying is cheaper than several writes. */
export const smallBytes = 16 * 1024;

/** All messages for one statement, which is run by `rest`: in one piece, unless it is long. */
export function statementMessages(sql: Buffer, rest: Buffer): readonly Buffer[] {
  // Parse, of the unnamed statement: the length counts itself, the end of the name, that of the text, and the number of types.
  const length = sql.length + 8;
  if (sql.length >= smallBytes) return [headOf(80, length, 6), sql, rest];
  const all = Buffer.allocUnsafe(6 + sql.length + rest.length);
  writeHead(all, 80, length);
  all[5] = 0;
  sql.copy(all, 6);
  rest.copy(all, 6 + sql.length);
  return [all];
}

/**
 * The message that runs a statement by the simple protocol, which the server answers with less work. That protocol takes
 * several statements at once, so the text may have no semicolon but at its end.
 */
export function simpleMessage(sql: Buffer): readonly Buffer[] {
  const all = Buffer.allocUnsafe(sql.length + 6);
  writeHead(all, 81, sql.length + 5);
  sql.copy(all, 5);
  all[sql.length + 5] = 0;
  return [all];
}

/** The header of data of COPY. */
export function dataHead(dataBytes: number): Buffer {
  return headOf(100, dataBytes + 4, 5);
}

function headOf(code: number, length: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  bytes[size - 1] = 0;
  writeHead(bytes, code, length);
  return bytes;
}

function writeHead(bytes: Buffer, code: number, length: number): void {
  bytes[0] = code;
  bytes.writeUInt32BE(length, 1);
}
