import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Commit, readVectors } from '@sweepboard/contracts'
import { openEngine } from '@sweepboard/models'
import { liveDescendants, waitUntil } from '@sweepboard/test-kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Fleet, openFleet, randomLoad, SIDE, textsOf } from './fleet.ts'

describe('a worker and a service', () => {
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await openFleet()
  })
  afterEach(() => fleet.close())

  it('computes a sweep to its end: vectors equal to a direct engine call, one cell scored, nothing left behind', async () => {
    const texts = { queries: textsOf(40, 'query'), documents: textsOf(2100, 'document') }
    const commits: Commit[] = []
    const commit: Fleet['link']['commit'] = (host, ledger, sent) => {
      commits.push(...sent)
      return fleet.link.commit(host, ledger, sent)
    }
    const sweep = await fleet.submit(texts)
    const { running, events } = await fleet.worker({ link: { ...fleet.link, commit } })
    await fleet.done(sweep)
    await running.idle()

    const engine = await openEngine(randomLoad())
    const wanted = await engine.encode(SIDE, texts.documents.slice(1024, 2048))
    const second = commits.find(({ n, evidence }) => n === 1 && evidence.textCount === 1024)
    const { dim, values } = readVectors(await fleet.service.store.get(second?.digest ?? ''))
    expect(dim).toBe(32)
    expect(values).toEqual(wanted.vectors.values)

    expect(commits).toHaveLength(4)
    expect(second?.evidence).toMatchObject({
      engine: 'random',
      slot: 'cpu0',
      host: running.host,
      code: 'test',
      dim: 32,
      splitCount: 0,
    })
    const [cell] = fleet.service.cells(sweep)
    expect(cell).toMatchObject({ state: 'scored' })
    expect(readdirSync(join(fleet.folder, 'worker/outbox'))).toEqual(['dropped'])
    expect(readdirSync(join(fleet.folder, 'worker/marks'))).toEqual([])
    expect(events.filter(({ event }) => event === 'failed' || event === 'service-away')).toEqual([])
  })

  it('replaces a child that holds too much, and computes the same', async () => {
    const sweep = await fleet.submit({ queries: textsOf(40, 'query'), documents: textsOf(2100, 'document') })
    const { running, events } = await fleet.worker({ recycleBytes: 1 })
    await fleet.done(sweep)
    await running.idle()
    expect(events.filter(({ event }) => event === 'child-recycled')).toHaveLength(4)
    expect(events.some(({ event }) => event === 'child-gone')).toBe(false)
    expect(fleet.service.cells(sweep)[0]).toMatchObject({ state: 'scored' })
  })

  it('scores group after group in one child, and in another when that one died', async () => {
    const scorers = () =>
      liveDescendants(process.pid)
        .filter(({ command }) => command.includes('scoring-child'))
        .map(({ pid }) => pid)
    const { events } = await fleet.worker()
    const score = async (side: string) => {
      const sweep = await fleet.submit({ queries: textsOf(3, `${side} query`), documents: textsOf(5, `${side} document`) })
      await fleet.done(sweep)
      expect(fleet.service.cells(sweep)).toMatchObject([{ state: 'scored' }])
      return waitUntil(() => scorers().length === 1 && scorers()[0])
    }
    const first = await score('one')
    expect(await score('two')).toBe(first)
    process.kill(first as number, 'SIGKILL')
    const second = await score('three')
    expect(second).not.toBe(first)
    expect(await score('four')).toBe(second)
    expect(events.filter(({ event }) => event === 'failed')).toEqual([])
    await fleet.stopWorkers()
    expect(scorers()).toEqual([])
  })
})
