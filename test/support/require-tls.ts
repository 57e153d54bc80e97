import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningEmbeddedServer } from '@pg-evict/server';
import { until, withClient } from './server.js';

/** The certificates of a server that speaks nothing but TLS. */
export interface TlsFiles {
  /** What the server shows: made by itself, for 127.0.0.1 and not for localhost. */
  readonly certificate: string;
  /** One that has nothing to do with it. */
  readonly otherCertificate: string;
  readonly remove: () => void;
}

/** Has a server refuse whoever comes without TLS. Its URL in the environment takes TLS from then on, unverified. */
export async function requireTls(server: RunningEmbeddedServer): Promise<TlsFiles> {
  const directory = mkdtempSync(join(tmpdir(), 'pg-evict-tls-'));
  const [own, other] = [makeCertificate(directory, 'server'), makeCertificate(directory, 'other')];
  const { uid, gid } = statSync(server.dataDirectory);
  for (const path of [directory, own.key, own.certificate]) chownSync(path, uid, gid);
  const hba = join(server.dataDirectory, 'pg_hba.conf');
  const rules = readFileSync(hba, 'utf8');
  await withClient(server.url, async (client) => {
    await client.query(`ALTER SYSTEM SET ssl_cert_file = '${own.certificate}'`);
    await client.query(`ALTER SYSTEM SET ssl_key_file = '${own.key}'`);
    await client.query('ALTER SYSTEM SET ssl = on');
    writeFileSync(hba, `hostnossl all all all reject\n${rules}`);
    await client.query('SELECT pg_reload_conf()');
  });
  const url = `${server.url}?sslmode=no-verify`;
  const isRefused = async (): Promise<boolean> => withClient(server.url, async () => false).catch(() => true);
  const speaksTls = async (): Promise<boolean> => withClient(url, async () => true).catch(() => false);
  await until(async () => (await speaksTls()) && (await isRefused()), 'the server to want TLS');
  process.env['PG_EVICT_TEST_URL'] = url;
  return {
    certificate: own.certificate,
    otherCertificate: other.certificate,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function makeCertificate(directory: string, name: string): { key: string; certificate: string } {
  const [key, certificate] = [join(directory, `${name}.key`), join(directory, `${name}.crt`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject];
  const { status, error, stderr } = spawnSync('openssl', [...request, '-keyout', key, '-out', certificate]);
  if (status !== 0) throw new Error(`openssl: ${error?.message ?? stderr.toString()}`);
  return { key, certificate };
}
