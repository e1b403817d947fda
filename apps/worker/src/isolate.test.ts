import { SweepError } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { isolate } from './isolate.ts'

const failure = new SweepError('SB-MODEL-007', { message: 'x' })

/** Fails on ranges that hold one of the texts; counts its calls. */
function probeFor(bad: (text: number) => boolean) {
  const ranges: [number, number][] = []
  const probe = async (start: number, end: number) => {
    ranges.push([start, end])
    return Array.from({ length: end - start }, (_, i) => start + i).some(bad) ? failure : null
  }
  return { probe, ranges }
}

describe('isolate', () => {
  it('finds the one bad text wherever it is, in log2 steps, and sees it fail twice alone', async () => {
    for (let at = 100; at < 164; at += 1) {
      const { probe, ranges } = probeFor((text) => text === at)
      expect(await isolate(probe, 100, 164)).toEqual({ text: at, error: failure })
      expect(ranges.length).toBeLessThanOrEqual(9)
      expect(ranges.filter(([start, end]) => start === at && end === at + 1).length).toBeGreaterThanOrEqual(2)
    }
  })

  it('blames no text when all fail alike, and none when only many together fail', async () => {
    expect(await isolate(probeFor(() => true).probe, 0, 64)).toBeNull()
    const together = async (start: number, end: number) => (end - start > 10 ? failure : null)
    expect(await isolate(together, 0, 64)).toBeNull()
  })

  it('blames no text that fails only once alone', async () => {
    let left = 7
    const flaky = async () => {
      left -= 1
      return left > 0 ? failure : null
    }
    expect(await isolate(flaky, 0, 64)).toBeNull()
  })

  it('a chunk of one text is that text', async () => {
    expect(await isolate(probeFor(() => true).probe, 5, 6)).toEqual({ text: 5, error: failure })
  })
})
