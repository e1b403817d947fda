import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import { parseLaunchers } from '@sweepboard/models'
import { launchStubFile, waitUntil } from '@sweepboard/test-kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunningWorker } from '../src/index.ts'
import { type Fleet, openFleet, textsOf } from './fleet.ts'
import { stubLoad } from './server-kit.ts'

const DISK_BYTES = 9 * 2 ** 20

/** Why no small disk can be mounted here; empty = it can. */
function refusal(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sb-disk-'))
  try {
    mount(folder)
    execFileSync('umount', [folder])
    return ''
  } catch (error) {
    return String(error).split('\n').slice(0, 2).join(' ')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function mount(folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'none', folder], { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Files on it may be open for writing: a folder bound over itself can be read-only nonetheless. */
function protect(folder: string): void {
  for (const how of [
    ['--bind', folder],
    ['-o', 'remount,bind,ro'],
  ])
    execFileSync('mount', [...how, folder], { stdio: 'pipe' })
}

/** Counts beats that the service has answered from now on. */
function beatsOf(fleet: Fleet): { link: Fleet['link']; count: () => number } {
  let count = 0
  const beat: Fleet['link']['beat'] = (sent) =>
    fleet.link.beat(sent).then((answer) => {
      count += 1
      return answer
    })
  return { link: { ...fleet.link, beat }, count: () => count }
}

function states(running: RunningWorker): string[] {
  return [...new Set(running.slots().map(({ state }) => state))]
}

const reason = refusal()
describe.skipIf(reason !== '')(
  `a worker on a small disk${reason === '' ? '' : ` (no tmpfs can be mounted here: ${reason})`}`,
  () => {
    let fleet: Fleet
    let disk: string
    beforeEach(async () => {
      fleet = await openFleet()
      disk = join(fleet.folder, 'disk')
      mkdirSync(disk)
      mount(disk)
    })
    afterEach(async () => {
      await fleet.stopWorkers()
      execFileSync('umount', ['-l', disk])
      await fleet.close()
    })

    it('takes nothing while the disk is full, says so, and ends the sweep once there is space', async () => {
      const texts = { queries: textsOf(30, 'query'), documents: textsOf(5000, 'document') }
      const quiet = await fleet.submit(texts)
      const beats = beatsOf(fleet)
      const { running, events } = await fleet.worker({ folder: join(disk, 'worker'), link: beats.link })
      await fleet.done(quiet)
      await running.idle()

      const ballast = join(disk, 'ballast')
      // What is free, but for less than one chunk of vectors.
      writeFileSync(ballast, new Uint8Array(statfsSync(disk).bavail * statfsSync(disk).bsize - 64 * 1024))
      const sweep = await fleet.submit({ queries: texts.queries, documents: textsOf(5000, 'other') })
      await waitUntil(() => events.some(({ event }) => event === 'disk-full'), { deadlineMs: 20_000, what: 'disk-full' })
      await waitUntil(() => states(running).join() === 'full', { what: 'all slots full' })
      await waitUntil(() => fleet.service.ledger.openLeases().length === 0, { deadlineMs: 20_000, what: 'its leases given back' })
      const leases = () => events.filter(({ event }) => event === 'lease').length
      const [taken, heard] = [leases(), beats.count()]
      await waitUntil(() => beats.count() >= heard + 10, { what: 'ten more beats' })
      expect(leases()).toBe(taken)
      expect(states(running)).toEqual(['full'])
      expect(fleet.service.sweepView(sweep).state).toBe('running')
      expect(events.filter(({ event }) => event === 'chunk-failed')).toEqual([])

      rmSync(ballast)
      await fleet.done(sweep)
      await running.idle()
      expect(events.filter(({ event }) => event === 'disk-free')).toHaveLength(1)
      expect(fleet.service.cells(sweep)).toMatchObject([{ state: 'scored' }])
      expect(readdirSync(join(disk, 'worker/outbox'))).toEqual(['dropped'])
      expect(readdirSync(join(disk, 'worker/marks'))).toEqual([])
    })

    it('takes nothing while its folder is read-only, says so, and loses no lane by it', async () => {
      const texts = { queries: textsOf(30, 'query'), documents: textsOf(3000, 'document') }
      const launchers = parseLaunchers(launchStubFile({ stub: {} }), 'test')
      const folder = join(disk, 'worker')
      const { running, events } = await fleet.worker({ folder, launchers })
      const told = (name: string) => events.filter(({ event }) => event === name)

      protect(folder)
      // One lane's engine is a child, the other's a server that is started with files of its own.
      const sweeps = [await fleet.submit(texts), await fleet.submit(texts, stubLoad())]
      await waitUntil(() => told('disk-full').length > 0, { deadlineMs: 30_000, what: 'disk-full' })
      await waitUntil(() => states(running).join() === 'full', { deadlineMs: 30_000, what: 'all slots full' })
      await waitUntil(() => fleet.service.ledger.openLeases().length === 0, { deadlineMs: 20_000, what: 'its leases given back' })
      expect(told('disk-free')).toEqual([])

      execFileSync('umount', [folder])
      for (const sweep of sweeps) await fleet.done(sweep, 60_000)
      await running.idle()
      expect([...told('lane-closed'), ...told('chunk-failed')]).toEqual([])
      for (const sweep of sweeps) expect(fleet.service.cells(sweep)).toMatchObject([{ state: 'scored' }])
    })

    it('throws away copies that it can fetch again before it calls the disk full for good', async () => {
      const { running, events } = await fleet.worker({ folder: join(disk, 'worker'), cacheBytes: 2 ** 40 })
      // Each text set takes a third of the disk; all of them do not fit.
      for (const word of ['a', 'b', 'c', 'd', 'e']) {
        const documents = Array.from({ length: 3 }, (_, i) => word.repeat(2 ** 20) + i)
        await fleet.done(await fleet.submit({ queries: textsOf(3, word), documents }))
      }
      await running.idle()
      expect(events.filter(({ event }) => event === 'disk-free').length).toBeGreaterThan(0)
    })
  },
)

describe('an outbox above its limit', () => {
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await openFleet()
  })
  afterEach(() => fleet.close())

  it('takes no more work until most of it is delivered', async () => {
    let full = true
    const put: Fleet['service']['store']['put'] = (bytes) =>
      full ? Promise.reject(new SweepError('SB-ART-004', { folder: 'the service' })) : fleet.service.store.put(bytes)
    const beats = beatsOf(fleet)
    const { running, events } = await fleet.worker({
      store: { ...fleet.service.store, put },
      link: beats.link,
      outboxBytes: 1024 * 32 * 4 * 2,
    })
    const sweep = await fleet.submit({ queries: textsOf(30, 'query'), documents: textsOf(20_000, 'document') })
    await waitUntil(() => events.some(({ event }) => event === 'outbox-full'), { deadlineMs: 20_000, what: 'outbox-full' })
    await waitUntil(() => states(running).join() === 'full', { what: 'all slots full' })
    const chunks = () => events.filter(({ event }) => event === 'chunk').length
    const [made, heard] = [chunks(), beats.count()]
    await waitUntil(() => beats.count() >= heard + 10, { what: 'ten more beats' })
    expect(chunks()).toBe(made)

    full = false
    await fleet.done(sweep)
    await running.idle()
    expect(chunks()).toBe(21)
    expect(fleet.service.cells(sweep)).toMatchObject([{ state: 'scored' }])
  })
})
