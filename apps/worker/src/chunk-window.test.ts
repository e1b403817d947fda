import { describe, expect, it } from 'vitest'
import { endpointLoad, randomLoad } from '../test/fleet.ts'
import { stubLoad } from '../test/server-kit.ts'
import { ChunkWindow } from './chunk-window.ts'
import { handsOf } from './hands.ts'

const NEVER = new AbortController().signal

/** Enters chunks until one has to wait; what lets each leave again, and the one that waits. */
async function fill(window: ChunkWindow, requests: readonly number[]) {
  const leaves: (() => void)[] = []
  for (const count of requests) {
    const entered = window.enter(count, NEVER)
    const leave = await Promise.race([entered, new Promise<null>((resolve) => setImmediate(() => resolve(null)))])
    if (leave === null) return { leaves, waits: entered }
    leaves.push(leave)
  }
  return { leaves, waits: null }
}

describe('ChunkWindow', () => {
  it('lets one chunk in at a time where an engine computes here', async () => {
    const window = new ChunkWindow(0)
    const { leaves, waits } = await fill(window, [8, 8])
    expect(leaves).toHaveLength(1)
    leaves[0]?.()
    await waits
    expect(window.count).toBe(1)
  })

  it.each([
    { wanted: 8, requests: [32, 32, 32], inHand: 2 },
    { wanted: 16, requests: [6, 6, 6, 6, 6, 6], inHand: 4 },
    { wanted: 4, requests: [1, 1, 1, 1, 1, 1, 1], inHand: 5 },
  ])('lets in what brings $wanted requests behind the oldest: $inHand of $requests', async ({ wanted, requests, inHand }) => {
    const { leaves, waits } = await fill(new ChunkWindow(wanted), requests)
    expect(leaves).toHaveLength(inHand)
    leaves[0]?.()
    await waits
  })

  it('ends a wait with the reason of its signal', async () => {
    const window = new ChunkWindow(0)
    await window.enter(1, NEVER)
    const stop = new AbortController()
    const waits = window.enter(1, stop.signal)
    stop.abort(new Error('stopped'))
    await expect(waits).rejects.toThrow('stopped')
    expect(window.count).toBe(1)
  })
})

describe('handsOf', () => {
  it('has several chunks in hand of an engine behind HTTP alone, of one that the worker launches, too', async () => {
    const [remote, own] = [handsOf(endpointLoad('http://127.0.0.1:1/v1', { concurrency: 8 })), handsOf(randomLoad())]
    expect((await fill(remote.window, [6, 6, 6, 6, 6])).leaves).toHaveLength(4)
    expect((await fill(own.window, [6, 6])).leaves).toHaveLength(1)
    expect([remote.company === null, own.company === null]).toEqual([false, true])
    expect(handsOf(stubLoad()).company).not.toBeNull()
  })
})
