import { sha256 } from './digest.ts'

/** Request header with the secret of the host that speaks. */
export const HOST_SECRET = 'sweepboard-host-secret'

const PROVABLE = /^k[0-9a-f]{32}$/

/**
 * Id of a host that keeps this secret: whoever says the id must be able to say the secret, and nobody needs to have noted either.
 * @param secret random, 256 bits or more
 */
export function hostOf(secret: string): string {
  return `k${sha256(secret).slice(0, 32)}`
}

/** Whether a caller with this secret may speak for a host. Ids of before, which no secret stands behind, are anybody's. */
export function maySpeakFor(host: string, secret: string | undefined): boolean {
  return !PROVABLE.test(host) || (secret !== undefined && hostOf(secret) === host)
}
