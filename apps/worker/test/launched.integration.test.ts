import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHUNK_MAX_TEXTS, type Load } from '@sweepboard/contracts'
import { BATCH_PADDED_TOKENS, parseLaunchers } from '@sweepboard/models'
import { type LaunchStubOptions, launchStubFile, liveDescendants } from '@sweepboard/test-kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WorkerEvent, WorkerOptions } from '../src/index.ts'
import { type Fleet, openFleet, textsOf } from './fleet.ts'
import { stubLoad } from './server-kit.ts'

const TEXTS = { queries: textsOf(6, 'query'), documents: textsOf(1100, 'document') }

/** Processes below this one that belong to a server. */
function serverProcesses(): string[] {
  const rows = liveDescendants(process.pid).map(({ command }) => command)
  return rows.filter((command) => /server-guard|launch-stub/.test(command))
}

describe('a sweep over servers that the worker starts', () => {
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await openFleet()
  })
  afterEach(async () => {
    await fleet.close()
    expect(serverProcesses()).toEqual([])
  })

  /** Scores, or failures, of a sweep over stubs that fail as told, with what the worker said meanwhile. */
  async function sweepOver(
    options: LaunchStubOptions,
    given: { worker?: Partial<WorkerOptions>; texts?: typeof TEXTS; load?: Load } = {},
  ) {
    const state = join(fleet.folder, 'stub-state')
    mkdirSync(state, { recursive: true })
    const launchers = parseLaunchers(launchStubFile({ stub: { state, ...options } }), 'test')
    const sweep = await fleet.submit(given.texts ?? TEXTS, given.load ?? stubLoad())
    const { running, events } = await fleet.worker({ launchers, ...given.worker })
    await fleet.done(sweep, 90_000)
    await running.idle()
    const cells = fleet.service.cells(sweep)
    return { cells, events, running, scores: cells.map(({ state: end, metrics }) => ({ state: end, metrics })) }
  }
  const count = (events: readonly WorkerEvent[], event: string) => events.filter((one) => one.event === event).length

  /** What a server without faults gives. */
  async function quietScores() {
    const quiet = await openFleet()
    const own = fleet
    try {
      fleet = quiet
      const { scores } = await sweepOver({})
      expect(scores).toMatchObject([{ state: 'scored' }])
      // The places of some relevant documents are among them: another vector would show.
      expect(scores[0]?.metrics?.map_at_1000).toBeGreaterThan(0)
      return scores
    } finally {
      fleet = own
      await quiet.close()
    }
  }

  it('gives the same scores whatever the server does on its way', { timeout: 300_000 }, async () => {
    const quiet = await quietScores()
    const modes: Record<string, LaunchStubOptions> = {
      'slow load': { loadMs: 1500 },
      'dies at two starts': { dieAtStart: 2 },
      'dies once while serving': { dieAfter: 12 },
      'deaf to SIGTERM, with a grandchild, leaking': { ignoreTerm: true, grandchild: true, leakMb: 5 },
      'one dimension too many, once': { wrongDimension: 1 },
      'answers nothing until it is restarted': { hangAfter: 12 },
    }
    for (const [mode, options] of Object.entries(modes)) {
      const one = await openFleet()
      await fleet.close()
      fleet = one
      const { scores, events } = await sweepOver(options, {
        worker: { noProgressMs: options.hangAfter === undefined ? 60_000 : 5000, serverStopMs: 500 },
      })
      expect(scores, mode).toEqual(quiet)
      expect(count(events, 'lane-closed'), mode).toBe(0)
      // Beside another chunk it says nothing of this one, which is asked again first.
      const codes = events.filter(({ event }) => event === 'chunk-failed').map(({ code }) => code)
      expect([[], mode === 'one dimension too many, once' ? ['SB-HTTP-004'] : []], mode).toContainEqual(codes)
      const deaths =
        { 'dies at two starts': 2, 'dies once while serving': 1, 'answers nothing until it is restarted': 1 }[mode] ?? 0
      expect(count(events, 'server-gone'), mode).toBe(deaths)
    }
  })

  it('what a server had answered before it died is not asked again', async () => {
    const tally = join(fleet.folder, 'tally')
    // It dies in the first chunk of documents, or in single queries that are timed behind the few of the task.
    const texts = { ...TEXTS, documents: textsOf(2 * CHUNK_MAX_TEXTS, 'document') }
    const { scores, events, running } = await sweepOver({ dieAfter: 24, tally }, { texts })
    expect(scores).toMatchObject([{ state: 'scored' }])
    expect(count(events, 'server-gone')).toBe(1)
    // Past the numbers that queries have, too. Two requests of 32 are under way when it dies, and one may have been answered just then.
    const answered = readFileSync(tally, 'utf8')
      .split('\n')
      .filter((word) => Number(word) >= TEXTS.queries.length)
    expect(new Set(answered).size).toBe(texts.documents.length - texts.queries.length)
    expect(answered.length - new Set(answered).size).toBeLessThanOrEqual(64)
    expect(
      readdirSync(join(fleet.folder, 'worker/kept'), { recursive: true, withFileTypes: true }).filter((file) => file.isFile()),
    ).toEqual([])
    const [speed] = Object.values(running.slots()[0]?.tokensPerSecond ?? {})
    expect(speed).toBeGreaterThan(0)
  })

  it('says in the evidence what served, how long it took to load, and what memory it took', async () => {
    const { cells, running } = await sweepOver({ loadMs: 700, version: '3.1.4' })
    const [slot] = running.slots()
    const key = stubLoad().key
    expect(slot?.loadSeconds[key]).toBeGreaterThan(0.7)
    expect(slot?.peakBytes[key]).toBeGreaterThan(20e6)
    const evidence = cells[0]?.evidence.document
    expect(evidence).toMatchObject({ engines: ['openai stub 3.1.4'], providers: ['stub, text'], devices: ['cpu'] })
    expect(evidence?.loadSeconds).toBeGreaterThan(0.7)
    expect(evidence?.peakMemoryBytes).toBe(slot?.peakBytes[key])
  })

  it('shows the server no token and no key', async () => {
    const environment = { PATH: process.env.PATH, HF_HOME: '/cache', SWEEPBOARD_TOKEN: 'secret', HF_KEY_OF_MINE: 'secret' }
    await sweepOver({}, { worker: { environment, allowEnv: ['HF_KEY_OF_MINE'] } })
    const log = readFileSync(join(fleet.folder, 'worker/servers/logs/cpu0.log'), 'utf8')
    expect(log).toContain('environment: CUDA_DEVICE_ORDER CUDA_VISIBLE_DEVICES HF_HOME PATH SWEEPBOARD_SERVER\n')
  })

  it('three starts that fail close the lane; the cell carries what the server printed', async () => {
    const { cells, events } = await sweepOver({ dieAtStart: 99 })
    expect(cells).toMatchObject([{ state: 'failed', failure: { code: 'SB-WORK-021' } }])
    expect(cells[0]?.failure?.message).toContain('fatal: dies at its start')
    expect(events.find(({ event }) => event === 'lane-closed')).toMatchObject({ forGood: true })
    expect(count(events, 'server-gone')).toBe(3)
  })

  it('a server that dies of everything is given up after three restarts, and no text is blamed', async () => {
    const { cells, events } = await sweepOver({ killedBy: 'number' })
    expect(cells).toMatchObject([{ state: 'failed', failure: { code: 'SB-WORK-020' } }])
    expect(cells[0]?.failure?.message).toContain('the stub dies as it was told to')
    expect(count(events, 'chunk-failed')).toBe(0)
    expect(count(events, 'server-gone')).toBe(4)
  })

  it('a text that the server dies of each time is found and named; other sweeps of the lane are scored', {
    timeout: 200_000,
  }, async () => {
    const documents = textsOf(40, 'document')
    documents[17] = 'KILLER'
    const good = await fleet.submit({ queries: textsOf(6, 'query'), documents: textsOf(9, 'other') }, stubLoad())
    const { cells, events } = await sweepOver({ killedBy: 'KILLER' }, { texts: { queries: textsOf(5, 'query'), documents } })
    await fleet.done(good)
    expect(cells).toMatchObject([{ state: 'failed' }])
    expect(events.filter(({ event }) => event === 'chunk-failed')).toMatchObject([
      { kind: 'poison', code: 'SB-MODEL-006', text: 17 },
    ])
    expect(fleet.service.cells(good)).toMatchObject([{ state: 'scored' }])
    expect(count(events, 'lane-closed')).toBe(0)
  })

  it('a server out of memory gets smaller batches from then on, and again after a restart', async () => {
    const quiet = await quietScores()
    const load = stubLoad('stub', { batchTexts: 64 })
    const { scores, cells, running } = await sweepOver({ mostTexts: 40 }, { load })
    expect(scores).toEqual(quiet)
    expect(cells[0]?.evidence.document?.splitCount).toBeGreaterThan(0)
    const learned = () => JSON.parse(readFileSync(join(fleet.folder, 'worker/slots.json'), 'utf8')).cpu0[stubLoad().key]
    expect(learned().tokenBudget).toBe(BATCH_PADDED_TOKENS / 2)
    await running.stop({ drain: true })
    const more = { queries: textsOf(6, 'query'), documents: textsOf(300, 'more') }
    const again = await sweepOver({ mostTexts: 40 }, { load, texts: more })
    expect(again.cells[0]?.evidence.document?.splitCount).toBe(0)
    expect(learned().tokenBudget).toBe(BATCH_PADDED_TOKENS / 2)
  })

  it('a device too small closes the lane with a reason that says so, and is remembered', async () => {
    const { cells, running } = await sweepOver({
      saysAtStart: 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB.',
    })
    expect(cells).toMatchObject([{ state: 'failed', failure: { code: 'SB-WORK-023' } }])
    expect(cells[0]?.failure?.message).toContain('does not fit in the memory of slot cpu0: torch.OutOfMemoryError')
    const [slot] = running.slots()
    expect(slot?.peakBytes[stubLoad().key]).toBe(slot?.memoryBytes)
  })

  it('a device that is gone closes its slot for every lane', async () => {
    const other = await fleet.submit({ queries: textsOf(3, 'query'), documents: textsOf(9, 'other') })
    const { cells, events } = await sweepOver({ saysAtStart: 'NVRM: Xid (PCI:0000:01:00): 79, GPU has fallen off the bus.' })
    expect(cells).toMatchObject([{ state: 'failed', failure: { code: 'SB-WORK-024' } }])
    await fleet.done(other)
    expect(['scored', 'failed']).toContain(fleet.service.cells(other)[0]?.state)
    expect(count(events, 'device-lost')).toBe(1)
    // A lane that is named from now on is refused at once.
    const late = await fleet.submit({ queries: textsOf(2, 'query'), documents: textsOf(4, 'late') })
    await fleet.done(late)
    expect(fleet.service.cells(late)).toMatchObject([{ state: 'failed', failure: { code: 'SB-WORK-024' } }])
  })
})
