/** The last 32 bits of a full transaction id, which is what a row has; not one of the three that mean something else. */
export function toTransactionId(full: string): string {
  const id = BigInt(full) % 2n ** 32n;
  return String(id < 3n ? 3n : id);
}
