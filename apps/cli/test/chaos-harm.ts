import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import { redisKeys } from '@sweepboard/test-kit'
import { disagreeingFlags, lostCells } from '../../results/test/simulation/ledger-rules.ts'

/** A cell by what it is of, and what became of it. */
export type Outcomes = ReadonlyMap<string, unknown>

/** What one of two boards has and the other has not, or has otherwise. */
export function differences(what: string, found: Outcomes, wanted: Outcomes): string[] {
  return [...new Set([...found.keys(), ...wanted.keys()])]
    .filter((key) => !isDeepStrictEqual(found.get(key), wanted.get(key)))
    .map((key) => {
      const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 200) ?? 'nothing'
      return `${what} ${key}: ${shown(found.get(key))}, wanted ${shown(wanted.get(key))}`
    })
}

/**
 * Invariants of protocol section 12 on the ledger of a service that has ended: flags agree, nothing is lost, no lease is open, each chunk
 * that is not of failed cells alone is done or failed once, every file that a row names is there with the right bytes, and no other is.
 */
export function ledgerHarm(data: string): string[] {
  const db = new DatabaseSync(join(data, 'ledger.db'), { readOnly: true })
  try {
    const ask = <R>(sql: string): R[] => db.prepare(sql).all() as R[]
    const ids = (sql: string) => ask<{ id: unknown }>(sql).map(({ id }) => String(id))
    const told = (what: string, found: readonly string[]) => found.map((id) => `${what}: ${id}`)
    const files = new Set(
      ids(`select digest as id from chunk where digest is not null union select run from cell where run is not null union
        select perQuery from cell where perQuery is not null union select digest from text_set union
        select judgments from task where judgments is not null`),
    )
    return [
      ...told('flags-agree', disagreeingFlags(ask)),
      ...told('nothing-lost', lostCells(ask)),
      ...told('a lease is open', ids('select id from lease')),
      ...told('one-lease', ids(`select encoding || '#' || n as id from chunk where lease is not null`)),
      ...told(
        'a chunk is neither done nor failed, or both',
        // One that was leased when its group failed over another is nobody's any more.
        ids(`select encoding || '#' || n as id from chunk k where (digest is null) = (failed is null) and (digest is not null or exists (
          select 1 from grp_encoding ge left join cell c on c.grp = ge.grp where ge.encoding = k.encoding and c.state is not 'failed'))`),
      ),
      ...told(
        'score-complete',
        ids(`select distinct c.grp as id from cell c join grp_encoding ge on ge.grp = c.grp join chunk k on k.encoding = ge.encoding
          where c.state = 'scored' and k.digest is null`),
      ),
      ...told(
        'a failure without a code',
        ids(`select grp || ' ' || config as id from cell where state <> 'scored' and json_extract(failure, '$.code') is null`),
      ),
      ...artifactHarm(join(data, 'artifacts'), files),
    ]
  } finally {
    db.close()
  }
}

function artifactHarm(folder: string, wanted: ReadonlySet<string>): string[] {
  const files = filesBelow(folder)
  const found = new Set<string>()
  const odd: string[] = []
  for (const path of files) {
    const digest = /^[0-9a-f]{64}$/.exec(basename(path))?.[0] ?? ''
    if (basename(path).endsWith('.tmp')) odd.push(`left in the service's folder: ${path}`)
    else if (digest !== '' && !wanted.has(digest)) odd.push(`nothing refers to ${path}`)
    else if (digest !== '') found.add(digest)
    if (
      wanted.has(digest) &&
      createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('hex') !== digest
    )
      odd.push(`damaged: ${path}`)
  }
  return [...odd, ...[...wanted].filter((digest) => !found.has(digest)).map((digest) => `referenced-exists: ${digest}`)]
}

/** What a worker that has ended left in its folder beside its identity, its cache and the logs of its servers. */
export function workerHarm(data: string): string[] {
  const worker = join(data, 'worker')
  return filesBelow(worker)
    .filter((path) => path.endsWith('.tmp') || /^(outbox|marks|kept)\//.test(path) || /^servers\/(?!logs\/)/.test(path))
    .map((path) => `left in the worker's folder: ${join(worker, path)}`)
}

export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => statSync(join(folder, path)).isFile())
}

/** Keys that are not ours, or stay for ever, but for the one of a ledger's schedules. */
export async function redisHarm(url: string): Promise<string[]> {
  return (await redisKeys(url)).flatMap(({ name, type, ttlMs }) => {
    const isKept = ttlMs !== -1 || /^sb-[^:]+:schedules:meta$/.test(name)
    return isKept && name.startsWith('sb-') ? [] : [`key ${name} (${type}) stays for ever`]
  })
}

/** Ports that somebody still listens on. Not tried by listening: another program's outgoing connection may have the number. */
export async function portHarm(ports: readonly number[]): Promise<string[]> {
  const odd: string[] = []
  for (const port of ports) {
    const socket = connect(port, '127.0.0.1')
    const isTaken = await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false)).once('connect', () => resolve(true))
    })
    if (isTaken) odd.push(`port ${port} is still taken`)
    socket.destroy()
  }
  return odd
}
