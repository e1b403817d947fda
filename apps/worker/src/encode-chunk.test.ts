import { SweepError } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { SIDE } from '../test/fleet.ts'
import type { EncodeReply } from './child-message.ts'
import { type ChunkTools, encodeChunk } from './encode-chunk.ts'
import type { EngineChild } from './engine-child.ts'

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
    onWriting: () => undefined,
    busyMs: 1000,
    now: () => 0,
    plannedTokens: 2048,
    budget,
    setBudget: async (tokens) => void kept.push(tokens),
    onChildGone: () => undefined,
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
