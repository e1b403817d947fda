import { mkdtemp, rm, stat, truncate, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFolderStore } from '@sweepboard/artifacts'
import { type ArtifactStore, SweepError, sha256 } from '@sweepboard/contracts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ArtifactCache } from './artifact-cache.ts'

const never = new AbortController().signal
const bytesOf = (text: string) => new TextEncoder().encode(text.padEnd(100, '.'))

describe('ArtifactCache', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sb-cache-'))
  })
  afterEach(() => rm(folder, { recursive: true }))
  const stores = () => ({ own: openFolderStore(join(folder, 'own')), remote: openFolderStore(join(folder, 'remote')) })

  it('fetches once, and says what the service lacks or has damaged', async () => {
    const { own, remote } = stores()
    const cache = new ArtifactCache({ own, remote, needed: () => false })
    const good = await remote.put(bytesOf('good'))
    await cache.fetch(good, never)
    remote.remove(good)
    await cache.fetch(good, never)
    expect(await cache.own(good)).toEqual(bytesOf('good'))
    await expect(cache.fetch(sha256('absent'), never)).rejects.toMatchObject({ code: 'SB-ART-001' })
    const bad = await remote.put(bytesOf('bad'))
    await truncate(join(folder, 'remote', bad.slice(0, 2), bad), 10)
    await expect(cache.fetch(bad, never)).rejects.toMatchObject({ code: 'SB-ART-002' })
  })

  it('waits while the service is away, until told to stop', async () => {
    const { own, remote } = stores()
    const digest = await remote.put(bytesOf('later'))
    let away = 2
    const flaky: ArtifactStore = {
      has: remote.has,
      put: remote.put,
      get: async (wanted) => {
        away -= 1
        if (away >= 0) throw new SweepError('SB-SERVE-004', { url: 'x', message: 'away' })
        return remote.get(wanted)
      },
    }
    await new ArtifactCache({ own, remote: flaky, needed: () => false }).fetch(digest, never)
    expect(await own.has(digest)).toBe(true)
    const gone: ArtifactStore = {
      has: remote.has,
      put: remote.put,
      get: () => Promise.reject(new SweepError('SB-SERVE-004', { url: 'x', message: 'away' })),
    }
    const controller = new AbortController()
    const fetching = new ArtifactCache({ own, remote: gone, needed: () => false }).fetch(sha256('x'), controller.signal)
    controller.abort()
    await expect(fetching).rejects.toThrow(/abort/i)
  })

  it('goes on where a stream broke off, writes nothing half, and ends when told to', async () => {
    const { own, remote } = stores()
    const digest = await remote.put(bytesOf('stream'))
    let cuts = 2
    const broken = {
      ...remote,
      async *stream(wanted: string) {
        cuts -= 1
        if (cuts < 0) return yield* remote.stream(wanted)
        yield bytesOf('stream').subarray(0, 10)
        throw new Error('cut')
      },
    }
    await new ArtifactCache({ own, remote: broken, needed: () => false }).fetch(digest, never)
    expect(await own.get(digest)).toEqual(bytesOf('stream'))
    const controller = new AbortController()
    const endless = {
      ...remote,
      async *stream() {
        for (;;) {
          controller.abort()
          yield bytesOf('x')
        }
      },
    }
    const fetching = new ArtifactCache({ own, remote: endless, needed: () => false }).fetch(sha256('y'), controller.signal)
    await expect(fetching).rejects.toThrow(/abort/i)
    expect([...own.list()]).toEqual([digest])
  })

  it('knows over a restart what was used last', async () => {
    const { own, remote } = stores()
    const [used = '', unused = ''] = [await own.put(bytesOf('used')), await own.put(bytesOf('unused'))]
    const pathOf = (digest: string) => join(own.folder, digest.slice(0, 2), digest)
    await utimes(pathOf(used), 1000, 1000)
    await utimes(pathOf(unused), 2000, 2000)
    await new ArtifactCache({ own, remote, needed: () => false }).fetch(used, never)
    expect((await stat(pathOf(used))).mtimeMs).toBeGreaterThan(1e12)
    await new ArtifactCache({ own, remote, needed: () => false, limitBytes: 100 }).trim()
    expect([...own.list()]).toEqual([used])
  })

  it('stays within its limit by itself, but never takes what a child has just written', async () => {
    const { own, remote } = stores()
    const cache = new ArtifactCache({ own, remote, needed: () => false, limitBytes: 250 })
    const written = await own.put(bytesOf('written by a child'))
    for (const name of ['a', 'b', 'c', 'd', 'e']) await cache.fetch(await remote.put(bytesOf(name)), never)
    expect([...own.list()]).toContain(written)
    expect([...own.list()].length).toBeLessThanOrEqual(3)
    cache.delivered([written])
    await cache.trim(0)
    expect([...own.list()]).toEqual([])
  })

  it('takes nothing for old because a clock jumped', async () => {
    const { own, remote } = stores()
    await own.put(bytesOf('before'))
    const cache = new ArtifactCache({ own, remote, needed: () => false })
    const written = await own.put(bytesOf('written by a child'))
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: Date.now() + 2 * 86_400_000 })
    try {
      await cache.trim(0)
      expect([...own.list()]).toEqual([written])
      vi.advanceTimersByTime(60_000)
      await cache.trim(0)
      expect([...own.list()]).toEqual([])
    } finally {
      vi.useRealTimers()
    }
  })

  it('takes a share of the free disk where nobody says more', async () => {
    const { own, remote } = stores()
    const cache = new ArtifactCache({ own, remote, needed: () => false })
    await own.put(bytesOf('small'))
    await cache.trim()
    expect([...own.list()]).toHaveLength(1)
  })

  it('trims the oldest, never what is pinned or in the outbox', async () => {
    const { own, remote } = stores()
    const digests: string[] = []
    for (const name of ['pinned', 'needed', 'a', 'b', 'c']) digests.push(await own.put(bytesOf(name)))
    const [pinned = '', needed = ''] = digests
    for (const digest of digests) await utimes(join(own.folder, digest.slice(0, 2), digest), 1000, 1000)
    const cache = new ArtifactCache({ own, remote, needed: (digest) => digest === needed, limitBytes: 250 })
    const unpin = cache.pin([pinned])
    await cache.trim()
    expect([...own.list()].sort()).toEqual([pinned, needed].sort())
    unpin()
    await new ArtifactCache({ own, remote, needed: (digest) => digest === needed, limitBytes: 150 }).trim()
    expect([...own.list()]).toEqual([needed])
  })
})
