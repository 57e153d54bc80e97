/**
 * With this variable each start of Node reads a file of certificates, which can take twice as long as the rest of it. It
 * belongs to the machine, and no connection of the bench needs it.
 */
export function forgetCertificates() {
  delete process.env['NODE_EXTRA_CA_CERTS'];
}
