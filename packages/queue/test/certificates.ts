import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Pem {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

/** An authority of a test's own in a temporary folder, by the `openssl` program. */
export function makeAuthority() {
  const folder = mkdtempSync(join(tmpdir(), 'sb-ca-'))
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=test authority')
  return {
    caFile: join(folder, 'ca.pem'),
    ca: readFileSync(join(folder, 'ca.pem'), 'utf8'),
    /** A certificate for a name: a DNS name, or `IP:...`. */
    issue(name: string): Pem {
      const file = name.replace(/\W/g, '_')
      const alternative = name.startsWith('IP:') ? name : `DNS:${name}`
      writeFileSync(join(folder, `${file}.ext`), `subjectAltName=${alternative}\n`)
      openssl('req', ...newKey, '-keyout', `${file}.key`, '-out', `${file}.csr`, '-subj', `/CN=${file}`)
      const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2']
      openssl('x509', '-req', '-in', `${file}.csr`, ...by, '-extfile', `${file}.ext`, '-out', `${file}.pem`)
      const [certFile, keyFile] = [join(folder, `${file}.pem`), join(folder, `${file}.key`)]
      return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}
