import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFolderStore } from '@sweepboard/artifacts'
import {
  type ChunkEvidence,
  type Commit,
  type CommitVerdict,
  type End,
  newLeaseId,
  type ServiceLink,
  SweepError,
} from '@sweepboard/contracts'
import { waitUntil } from '@sweepboard/test-kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ArtifactCache } from './artifact-cache.ts'
import { Delivery } from './delivery.ts'
import type { WorkerEvent } from './options.ts'
import { Outbox } from './outbox.ts'

const EVIDENCE = {} as ChunkEvidence
const NO_END: Omit<End, 'lease'> = {
  ledger: 'l',
  host: 'h',
  boot: 1,
  results: [],
  failures: [],
  scoreFailures: [],
  missing: [],
  crashed: [],
}

describe('outbox and delivery', () => {
  let folder: string
  let events: WorkerEvent[]
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sb-outbox-'))
    events = []
  })
  afterEach(() => rm(folder, { recursive: true }))

  /** An outbox on disk with real stores; the link answers as the test says. */
  async function open(link: Partial<ServiceLink>) {
    const outbox = await Outbox.open(join(folder, 'outbox'))
    // Of this test: one that is away for good tries on.
    const told = events
    const own = openFolderStore(join(folder, 'own'))
    const store = openFolderStore(join(folder, 'service'))
    const cache = new ArtifactCache({ own, remote: store, needed: (digest) => outbox.needs(digest) })
    const refuse = () => Promise.reject(new SweepError('SB-SERVE-004', { url: 'x', message: 'away' }))
    const whole: ServiceLink = { join: refuse, beat: refuse, claim: refuse, commit: refuse, end: refuse, ...link }
    const delivery = new Delivery({
      outbox,
      cache,
      store,
      link: whole,
      host: 'h',
      fault: () => undefined,
      log: (event) => told.push(event),
    })
    const commit = async (lease: string, n: number) => {
      const digest = await own.put(new TextEncoder().encode(`${lease} ${n}`))
      await outbox.add({ kind: 'commit', ledger: 'l', commit: { lease, encoding: 1, n, digest, evidence: EVIDENCE } })
      return digest
    }
    const end = (lease: string) => outbox.add({ kind: 'end', end: { ...NO_END, lease }, artifacts: [] })
    return { outbox, own, store, delivery, commit, end }
  }

  it('sends an end after all commits of its lease, whatever order they are answered in', async () => {
    const told: string[] = []
    const answer = Promise.withResolvers<void>()
    const parts = await open({
      commit: async (_host, _ledger, commits) => {
        await answer.promise
        told.push(...commits.map(({ lease, n }) => `${lease} ${n}`))
        return commits.map(() => 'ok')
      },
      end: async ({ lease }) => {
        told.push(`${lease} end`)
      },
    })
    const [a, b] = [newLeaseId(), newLeaseId()]
    for (let n = 0; n < 12; n += 1) await parts.commit(a, n)
    await parts.end(b)
    await parts.end(a)
    parts.delivery.start()
    await waitUntil(() => told.length > 0, { what: 'the end that waits for nobody' })
    expect(told).toEqual([`${b} end`])
    answer.resolve()
    await parts.delivery.empty()
    expect(told).toHaveLength(14)
    expect(told.at(-1)).toBe(`${a} end`)
  })

  it('is there again after a restart, and delivers with the artifact uploaded first', async () => {
    const lease = newLeaseId()
    const before = await open({})
    const digest = await before.commit(lease, 0)
    await writeFile(join(folder, 'outbox/000000000009-commit-j.json.1.2.tmp'), '{"cut')
    const committed: Commit[] = []
    const after = await open({
      commit: async (_host, _ledger, commits) => {
        committed.push(...commits)
        expect(await after.store.has(digest)).toBe(true)
        return commits.map(() => 'ok')
      },
    })
    expect([...after.outbox.leases()]).toEqual([lease])
    after.delivery.start()
    await after.delivery.empty()
    expect(committed).toMatchObject([{ lease, n: 0, digest }])
    expect(await readdir(join(folder, 'outbox'))).toEqual(['dropped'])
  })

  it('uploads again on need, keeps what was dropped aside, and gives up what nobody has any more', async () => {
    const verdicts = new Map<number, CommitVerdict[]>([
      [0, ['need', 'ok']],
      [1, ['drop']],
    ])
    const parts = await open({
      commit: async (_host, _ledger, commits) =>
        commits.map(({ n, digest }) => {
          const verdict = verdicts.get(n)?.shift() ?? 'ok'
          if (verdict === 'need') parts.store.remove(digest)
          return verdict
        }),
    })
    const lease = newLeaseId()
    const needed = await parts.commit(lease, 0)
    await parts.commit(lease, 1)
    parts.own.remove(await parts.commit(lease, 2))
    parts.delivery.start()
    await parts.delivery.empty()
    expect(await parts.store.has(needed)).toBe(true)
    expect(verdicts.get(0)).toEqual([])
    expect(events.filter(({ event }) => event === 'entry-dropped')).toHaveLength(2)
    expect(await readdir(join(folder, 'outbox/dropped'))).toHaveLength(2)
  })

  it('finds the one refused entry of a batch and delivers the others', async () => {
    const parts = await open({
      commit: async (_host, _ledger, commits) => {
        if (commits.some(({ n }) => n === 3)) throw new SweepError('SB-SERVE-005', { message: 'bad' })
        return commits.map(() => 'ok')
      },
    })
    const lease = newLeaseId()
    for (let n = 0; n < 6; n += 1) await parts.commit(lease, n)
    parts.delivery.start()
    await parts.delivery.empty()
    expect(await readdir(join(folder, 'outbox/dropped'))).toHaveLength(1)
  })

  it('tries again while the service is away', async () => {
    let tries = 0
    const parts = await open({
      end: async () => {
        tries += 1
        if (tries < 3) throw new SweepError('SB-SERVE-004', { url: 'x', message: 'away' })
      },
    })
    await parts.end(newLeaseId())
    parts.delivery.start()
    await parts.delivery.empty()
    expect(tries).toBe(3)
  })

  it('repeats what hangs on a dead connection as soon as the service is known to answer', async () => {
    let tries = 0
    const late = Promise.withResolvers<CommitVerdict[]>()
    const parts = await open({
      commit: async (_host, _ledger, commits) => {
        tries += 1
        return tries === 1 ? late.promise : commits.map(() => 'ok')
      },
    })
    await parts.commit(newLeaseId(), 0)
    parts.delivery.start()
    await waitUntil(() => tries === 1, { what: 'the commit that hangs' })
    parts.delivery.again()
    await parts.delivery.empty()
    expect(tries).toBe(2)
    // What comes after all is no answer to anything.
    late.resolve(['drop'])
    await parts.delivery.close()
    expect(events).toEqual([])
  })

  it('knows the chunks whose results wait, each by its newest commit, until they are acknowledged', async () => {
    let isAway = true
    const parts = await open({
      commit: async (_host, _ledger, commits) => {
        if (isAway) throw new SweepError('SB-SERVE-004', { url: 'x', message: 'away' })
        return commits.map(() => 'ok')
      },
    })
    const [a, b] = [newLeaseId(), newLeaseId()]
    const digest = await parts.commit(a, 0)
    await parts.outbox.add({ kind: 'commit', ledger: 'l', commit: { lease: b, encoding: 1, n: 0, digest, evidence: EVIDENCE } })
    const known = (ledger: string, n: number) => parts.outbox.commitOf({ ledger, encoding: 1, n })
    expect(known('l', 0)).toMatchObject({ lease: b, digest })
    expect([known('l', 1), known('another', 0)]).toEqual([undefined, undefined])
    expect((await Outbox.open(join(folder, 'outbox'))).commitOf({ ledger: 'l', encoding: 1, n: 0 })).toMatchObject({ lease: b })
    isAway = false
    parts.delivery.again()
    await parts.delivery.empty()
    expect(known('l', 0)).toBeUndefined()
  })
})
