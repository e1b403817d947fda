import { SweepError } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { SIDE } from '../test/fleet.ts'
import type { EncodeReply } from './child-message.ts'
import { Company } from './company.ts'
import { type ChunkTools, encodeChunk } from './encode-chunk.ts'
import { type EngineChild, EngineNotOpened } from './engine-child.ts'

const COUNTS = {
  tokenCount: 10,
  paddedTokenCount: 10,
  truncatedCount: 0,
  controlTokenCount: 0,
  emptyTextCount: 0,
  batchCount: 1,
  splitCount: 0,
}
const FACTS = { engine: 'onnx', version: '', provider: 'cpu', dtype: 'float32', device: 'cpu', loadSeconds: 0 }
const REQUEST = { side: SIDE, textSet: 'a'.repeat(64), start: 100, end: 104 }
type Call = Parameters<EngineChild['encode']>[0]

/** The decisions about memory, on an engine that answers as told: a real one cannot be made to run out at will. */
function toolsOn(answer: (call: Call) => EncodeReply['counts'] | SweepError, budget: number | null = null) {
  const asked: (number | null)[] = []
  const kept: number[] = []
  const encode: EngineChild['encode'] = async (call) => {
    asked.push(call.tokenBudget)
    const counts = answer(call)
    if (counts instanceof SweepError) throw counts
    return {
      reply: {
        digest: call.keep ? 'd' : null,
        dim: 2,
        byteCount: 4,
        encodeSeconds: 1,
        peakMemoryBytes: 1,
        residentBytes: 1,
        counts,
      },
      facts: FACTS,
    }
  }
  const tools: ChunkTools = {
    engine: { encode } as EngineChild,
    signal: new AbortController().signal,
    leaving: new AbortController().signal,
    abandoned: new AbortController().signal,
    jobMs: 60_000,
    onWriting: () => undefined,
    busyMs: 1000,
    now: () => 0,
    plannedTokens: 2048,
    budget: () => budget,
    setBudget: async (tokens) => void kept.push(tokens),
    onChildGone: () => undefined,
    onBusy: () => undefined,
    company: null,
  }
  return { tools, asked, kept }
}
const died = (signal: string) => new SweepError('SB-MODEL-008', { what: `was killed by ${signal}`, signal, exitCode: null })

describe('encodeChunk when memory runs out', () => {
  it.each(['SIGKILL', 'SIGABRT'])('tries again, then halves what the load plans (%s)', async (signal) => {
    const { tools, asked, kept } = toolsOn(({ tokenBudget }) => ((tokenBudget ?? 2048) > 512 ? died(signal) : COUNTS))
    expect(await encodeChunk(REQUEST, tools)).toMatchObject({ state: 'done', splits: 2 })
    expect(asked).toEqual([null, null, 1024, 512])
    expect(kept).toEqual([512])
  })

  it('halves the budget for the chunks to come where the engine cut its batches itself', async () => {
    const { tools, kept } = toolsOn(() => ({ ...COUNTS, splitCount: 3, memorySplitCount: 1 }), 1024)
    expect(await encodeChunk(REQUEST, tools)).toMatchObject({ state: 'done', splits: 0 })
    expect(kept).toEqual([512])
  })

  it('keeps the budget where only the budget cut', async () => {
    const { tools, kept } = toolsOn(() => ({ ...COUNTS, splitCount: 3, memorySplitCount: 0 }), 1024)
    expect(await encodeChunk(REQUEST, tools)).toMatchObject({ state: 'done' })
    expect(kept).toEqual([])
  })

  it('calls a text poison for want of memory when it does not fit alone', async () => {
    const { tools } = toolsOn(({ start, end }) => (start <= 102 && 102 < end ? died('SIGKILL') : COUNTS))
    expect(await encodeChunk(REQUEST, tools)).toMatchObject({
      state: 'failed',
      failure: { kind: 'poison', code: 'SB-MODEL-010', text: 102, message: 'SB-MODEL-010: not even one text fits in memory' },
    })
  })
})

describe('encodeChunk when the server dies that the worker started', () => {
  const dead = (trouble: string | null = null) =>
    new SweepError('SB-WORK-020', { model: 'm', what: 'was killed by SIGSEGV', trouble })
  const holds = (text: number) => (call: Call) => call.start <= text && text < call.end

  it('asks a new server the same once more, and blames nobody', async () => {
    let deaths = 0
    const { tools, asked } = toolsOn(() => {
      deaths += 1
      return deaths === 1 ? dead() : COUNTS
    })
    expect(await encodeChunk(REQUEST, tools)).toMatchObject({ state: 'done' })
    expect(asked).toHaveLength(2)
  })

  it.each([100, 101, 102, 103])(
    'finds the text it dies of each time, and never lets it die four times in a row (%i)',
    async (text) => {
      let row = 0
      let longest = 0
      const { tools } = toolsOn((call) => {
        row = holds(text)(call) ? row + 1 : 0
        longest = Math.max(longest, row)
        return row > 0 ? dead() : COUNTS
      })
      expect(await encodeChunk(REQUEST, tools)).toMatchObject({
        state: 'failed',
        failure: { kind: 'poison', code: 'SB-MODEL-006', text },
      })
      expect(longest).toBeLessThanOrEqual(3)
    },
  )

  it('counts a try against the chunk, and blames no text, when it also dies of others', async () => {
    const { tools } = toolsOn(() => dead())
    expect(await encodeChunk(REQUEST, tools)).toMatchObject({
      state: 'failed',
      failure: { kind: 'engine', code: 'SB-WORK-020', text: null },
    })
  })

  it('blames the only text of a chunk when the server has encoded others', async () => {
    const { tools } = toolsOn(() => dead())
    const one = { ...REQUEST, end: REQUEST.start + 1 }
    expect(await encodeChunk(one, tools)).toMatchObject({ state: 'failed', failure: { kind: 'engine', text: null } })
    const engine = { encode: tools.engine.encode, hasEncoded: true } as EngineChild
    expect(await encodeChunk(one, { ...tools, engine })).toMatchObject({
      state: 'failed',
      failure: { kind: 'poison', text: 100 },
    })
  })

  it('halves what it is sent when it died for want of memory', async () => {
    const { tools, asked, kept } = toolsOn(({ tokenBudget }) => ((tokenBudget ?? 2048) > 512 ? dead('memory') : COUNTS))
    expect(await encodeChunk(REQUEST, tools)).toMatchObject({ state: 'done', splits: 2 })
    expect(asked).toEqual([null, 1024, 512])
    expect(kept).toEqual([512])
  })

  it('gives the chunk back when the server is closed for good', async () => {
    const { tools } = toolsOn(() => COUNTS)
    const engine = { encode: () => Promise.reject(new EngineNotOpened(dead())) } as unknown as EngineChild
    expect(await encodeChunk(REQUEST, { ...tools, engine })).toMatchObject({ state: 'give-back', close: 'for-good' })
  })
})

describe('encodeChunk beyond its wall clock', () => {
  /** An engine that answers nothing until it is told to stop, or says that it is busy. */
  function mute(jobMs: number, isBusy = false) {
    const ends: string[] = []
    const stopped = new AbortController()
    const engine = {
      encode: (_: unknown, signal: AbortSignal) =>
        isBusy
          ? Promise.reject(new SweepError('SB-HTTP-002', { url: 'u', status: 429, message: 'busy' }))
          : new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
      end: async (why: string) => void ends.push(why),
    } as unknown as EngineChild
    const { tools } = toolsOn(() => COUNTS)
    return { ends, stopped, tools: { ...tools, engine, jobMs, busyMs: 1e9, signal: stopped.signal } }
  }

  it('ends what computes and fails the chunk, to be tried again', async () => {
    const { tools, ends } = mute(5)
    expect(await encodeChunk(REQUEST, tools)).toMatchObject({
      state: 'failed',
      failure: { kind: 'engine', code: 'SB-WORK-025', text: null },
    })
    expect(ends).toEqual([expect.stringContaining('took longer than 0.005 s')])
  })

  it('gives a chunk back that only waited for a busy engine', async () => {
    const { tools, ends } = mute(5, true)
    const told: string[] = []
    const onBusy = (error: SweepError) => void told.push(error.code)
    expect(await encodeChunk(REQUEST, { ...tools, onBusy })).toMatchObject({ state: 'give-back', close: 'for-a-while' })
    expect(ends).toEqual([])
    expect(new Set(told)).toEqual(new Set(['SB-HTTP-002']))
  })

  it('leaves a stopped one stopped', async () => {
    const { tools, stopped, ends } = mute(60_000)
    const encoding = encodeChunk(REQUEST, tools)
    stopped.abort(new Error('told to'))
    await expect(encoding).rejects.toThrow('told to')
    expect(ends).toEqual([])
  })
})

describe('encodeChunk among other chunks of a server', () => {
  const other = { ...REQUEST, start: 200, end: 204 }
  const stuck = () => new SweepError('SB-WORK-002', { seconds: 2 })

  it('holds the end of the child against no chunk that had company', async () => {
    let ends = 0
    const { tools, asked } = toolsOn(() => {
      ends += 1
      return ends <= 2 ? stuck() : COUNTS
    })
    const together = { ...tools, company: new Company() }
    const outcomes = await Promise.all([encodeChunk(REQUEST, together), encodeChunk(other, together)])
    expect(outcomes).toMatchObject([{ state: 'done' }, { state: 'done' }])
    expect(asked).toHaveLength(4)
  })

  it('counts it against one that was alone, at once', async () => {
    const { tools, asked } = toolsOn(stuck)
    const alone = { ...tools, company: new Company() }
    expect(await encodeChunk(REQUEST, alone)).toMatchObject({ state: 'failed', failure: { kind: 'engine', code: 'SB-WORK-002' } })
    expect(asked).toHaveLength(1)
  })

  it('names the text that ends the child, and lets the neighbour be', async () => {
    const inside = new Set<Call>()
    const crashed = { ...REQUEST, start: 102 }
    const { tools } = toolsOn(() => COUNTS)
    const { encode } = tools.engine
    const engine: Pick<EngineChild, 'encode'> = {
      // The child dies with everything in it.
      encode: async (call, signal) => {
        inside.add(call)
        await new Promise(setImmediate)
        const isKiller = [...inside].some(({ start, end }) => start <= crashed.start && crashed.start < end)
        inside.delete(call)
        if (isKiller) throw died('SIGSEGV')
        return encode(call, signal)
      },
    }
    const together = { ...tools, engine: engine as EngineChild, company: new Company() }
    expect(await Promise.all([encodeChunk(REQUEST, together), encodeChunk(other, together)])).toMatchObject([
      { state: 'failed', failure: { kind: 'poison', text: 102 } },
      { state: 'done' },
    ])
  })

  it('takes a death in company for the first of the two that a search waits for', async () => {
    const deadly = (call: Call) => call.start <= 101 && 101 < call.end
    const { tools, asked } = toolsOn((call) =>
      deadly(call) ? new SweepError('SB-WORK-020', { model: 'm', what: 'was killed', trouble: null }) : COUNTS,
    )
    const together = { ...tools, company: new Company() }
    expect(await encodeChunk(REQUEST, together)).toMatchObject({ state: 'failed', failure: { kind: 'poison', text: 101 } })
    const apart = toolsOn((call) =>
      deadly(call) ? new SweepError('SB-WORK-020', { model: 'm', what: 'was killed', trouble: null }) : COUNTS,
    )
    await encodeChunk(REQUEST, apart.tools)
    expect(asked).toEqual(apart.asked)
  })
})
