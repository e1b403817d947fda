import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import { folderHolder } from '@sweepboard/ledger'

const FILE = 'service.json'

interface Announced {
  readonly holder: string
  readonly url: string
}

/** Writes into a data folder where the process that holds it can be asked; `remove` takes it back. */
export function announceService(folder: string, service: Announced): { remove(): void } {
  writeFileSync(join(folder, FILE), `${JSON.stringify(service)}\n`)
  return { remove: () => rmSync(join(folder, FILE), { force: true }) }
}

/**
 * URL of the service that holds a data folder at this moment, as seen from its own host; null where nobody holds it, or one
 * that listens nowhere. What a killed process left behind is not believed: the holder must be the one that announced itself.
 */
export function findService(folder: string): string | null {
  const holder = folderHolder(folder)
  if (holder === null) return null
  try {
    const announced = JSON.parse(readFileSync(join(folder, FILE), 'utf8')) as Announced
    return announced.holder === holder ? announced.url : null
  } catch {
    return null
  }
}

/** Runs what needs a data folder's lock; a refusal names the URL of the service that holds it, where there is one. */
export function nameService<T>(folder: string, work: () => T): T {
  const name = (thrown: unknown): never => {
    if (!(thrown instanceof SweepError) || thrown.code !== 'SB-LEDGER-001') throw thrown
    throw new SweepError('SB-LEDGER-001', { ...thrown.details, url: findService(folder) }, { cause: thrown.cause })
  }
  try {
    const answer = work()
    return answer instanceof Promise ? (answer.catch(name) as T) : answer
  } catch (thrown) {
    return name(thrown)
  }
}
