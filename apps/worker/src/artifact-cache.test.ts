import { mkdtemp, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFolderStore } from '@sweepboard/artifacts'
import { type ArtifactStore, SweepError, sha256 } from '@sweepboard/contracts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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
      ...remote,
      get: async (wanted) => {
        away -= 1
        if (away >= 0) throw new SweepError('SB-SERVE-004', { url: 'x', message: 'away' })
        return remote.get(wanted)
      },
    }
    await new ArtifactCache({ own, remote: flaky, needed: () => false }).fetch(digest, never)
    expect(await own.has(digest)).toBe(true)
    const gone: ArtifactStore = {
      ...remote,
      get: () => Promise.reject(new SweepError('SB-SERVE-004', { url: 'x', message: 'away' })),
    }
    const controller = new AbortController()
    const fetching = new ArtifactCache({ own, remote: gone, needed: () => false }).fetch(sha256('x'), controller.signal)
    controller.abort()
    await expect(fetching).rejects.toThrow(/abort/i)
  })

  it('trims the oldest, never what is pinned or in the outbox', async () => {
    const { own, remote } = stores()
    const digests: string[] = []
    for (const name of ['pinned', 'needed', 'a', 'b', 'c']) digests.push(await own.put(bytesOf(name)))
    const [pinned = '', needed = ''] = digests
    const cache = new ArtifactCache({ own, remote, needed: (digest) => digest === needed, limitBytes: 250 })
    const unpin = cache.pin([pinned])
    await cache.trim()
    expect([...own.list()].sort()).toEqual([pinned, needed].sort())
    unpin()
    await new ArtifactCache({ own, remote, needed: (digest) => digest === needed, limitBytes: 150 }).trim()
    expect([...own.list()]).toEqual([needed])
  })
})
