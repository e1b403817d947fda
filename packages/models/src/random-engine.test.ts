import { existsSync, readFileSync } from 'node:fs'
import { SideRecipe } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { Pcg64 } from './pcg64.ts'
import { openRandomEngine, RANDOM_DIMENSIONS } from './random-engine.ts'

const GOLDEN = new URL('../../../../shared/golden/random-encoder/golden.json', import.meta.url)
const SIDE = SideRecipe.parse({})

describe('Pcg64', () => {
  it('gives the first draws of default_rng(42) (mteb-protocol 7.3)', () => {
    const stream = new Pcg64()
    stream.seed(42)
    const draws = Array.from({ length: 3 }, () => {
      stream.next()
      return (BigInt(stream.high) << 32n) | BigInt(stream.low)
    })
    expect(draws).toEqual([14276969152011380360n, 8095878257575067585n, 15838336090824644132n])
  })

  it('starts anew with each seed', () => {
    const stream = new Pcg64()
    const first = (seed: number) => {
      stream.seed(seed)
      stream.next()
      return [stream.high, stream.low]
    }
    const zero = first(0)
    expect(first(4294967295)).not.toEqual(zero)
    expect(first(0)).toEqual(zero)
  })
})

describe('random engine', () => {
  it.skipIf(!existsSync(GOLDEN))('equals numpy bit for bit (skipped without ../shared/golden/random-encoder)', async () => {
    const golden = JSON.parse(readFileSync(GOLDEN, 'utf8')) as { text: string; vector: number[] }[]
    const { vectors } = await openRandomEngine().encode(
      SIDE,
      golden.map((row) => row.text),
    )
    expect(vectors.dim).toBe(RANDOM_DIMENSIONS)
    expect([...vectors.values]).toEqual(golden.flatMap((row) => row.vector.map(Math.fround)))
  })

  it('gives equal texts equal rows, whatever stands beside them', async () => {
    const { vectors, counts } = await openRandomEngine().encode(SIDE, ['a', ' ', 'a'])
    const row = (i: number) => [...vectors.values.subarray(i * 32, (i + 1) * 32)]
    expect(row(2)).toEqual(row(0))
    expect(row(1)).not.toEqual(row(0))
    expect(counts.emptyTextCount).toBe(1)
  })

  it('stops when aborted', async () => {
    await expect(openRandomEngine().encode(SIDE, ['a'], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'SB-CORE-004',
    })
  })
})
