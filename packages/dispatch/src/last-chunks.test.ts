import { expect, it } from 'vitest'
import { endsInTime, halfLongestChunk } from './last-chunks.ts'

/** One lane on these slots; tokens a second, 0 where a slot may not serve it. */
function work(...speeds: readonly number[]) {
  return {
    slotCount: speeds.length,
    laneCount: 1,
    may: Uint8Array.from(speeds, (speed) => (speed > 0 ? 1 : 0)),
    speed: Float64Array.from(speeds),
    load: new Float64Array(speeds.length),
    tokens: Float64Array.of(1e6),
  }
}

// The largest chunk is 256 KiB of text, 65,536 tokens at four bytes each; 3 s to learn of it.
it('slots that share a lane end half a chunk apart on average, one alone ends when it ends', () => {
  const shared = work(1000, 3000)
  const half = (2 * 65_536) / 2 / 4000
  expect(endsInTime(shared, [0, 1], Float64Array.of(100), 103 + half)).toBe(true)
  expect(endsInTime(shared, [0, 1], Float64Array.of(100), 103 + half - 0.01)).toBe(false)
  expect(endsInTime(shared, [1], Float64Array.of(100), 100)).toBe(true)
})

it('a slot loses a second each time it goes on with another lane', () => {
  const speed = Float64Array.of(1000, 1000, 1000)
  const alone = { ...work(1000), laneCount: 3, speed }
  expect(endsInTime(alone, [0, 1, 2], Float64Array.of(100, 100, 100), 102)).toBe(true)
  expect(endsInTime(alone, [0, 1, 2], Float64Array.of(100, 100, 100), 101.9)).toBe(false)
})

it('half a chunk is reckoned on the slowest slot that may serve, up to 20 s', () => {
  expect(halfLongestChunk(work(4096, 8192))).toBe(8)
  expect(halfLongestChunk(work(0, 8192))).toBe(4)
  expect(halfLongestChunk(work(10, 8192))).toBe(20)
})
