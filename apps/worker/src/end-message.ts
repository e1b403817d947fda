import type { End } from '@sweepboard/contracts'
import type { Host } from './host.ts'

/** An `end` of this host that says nothing but "I am done with it": the rest of the lease is given back. */
export function endOf(host: Pick<Host, 'folder' | 'ledger'>, lease: string, said: Partial<End> = {}): End {
  return {
    ledger: host.ledger,
    host: host.folder.host,
    boot: host.folder.boot,
    lease,
    results: [],
    failures: [],
    scoreFailures: [],
    missing: [],
    crashed: [],
    ...said,
  }
}
