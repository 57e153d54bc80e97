import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/**
 * The server's stored form of a random password: with one iteration instead of 4096, so that a client needs no
 * milliseconds of CPU to connect. Iterations slow down guessing; 192 random bits cannot be guessed.
 *
 * @param password ASCII, which needs no normalization
 * @returns a value that PASSWORD accepts as it is, in each major:
 * `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`
 * @see https://www.postgresql.org/docs/current/catalog-pg-authid.html
 */
export function scramSecretOf(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, 1, 32, 'sha256');
  const keyed = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(keyed('Client Key')).digest('base64');
  return `SCRAM-SHA-256$1:${salt.toString('base64')}$${storedKey}:${keyed('Server Key').toString('base64')}`;
}
