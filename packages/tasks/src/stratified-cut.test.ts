import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { NumpyGenerator } from './numpy-generator.ts'
import { stratifiedCut } from './stratified-cut.ts'

const golden = new URL('../../../../shared/golden/evaluators/random-streams/train-test-split.json', import.meta.url)
const isAbsent = !existsSync(golden)

interface Part {
  readonly all?: number[]
  readonly first20?: number[]
  readonly last5?: number[]
  readonly length?: number
  readonly fingerprint?: number
}
interface Case {
  readonly name: string
  readonly labels: (string | number)[] | null
  readonly args: { test_size: number; train_size?: number; stratify_by_column?: string }
  readonly test: Part
}
const cases: Case[] = isAbsent ? [] : JSON.parse(readFileSync(golden, 'utf8')).cases
const fingerprint = (values: readonly number[]) => values.reduce((h, v) => (Math.imul(h, 31) + v) >>> 0, 0)
/** The rule of the one case whose labels are not spelt out. */
const ruled = () => Array.from({ length: 5000 }, (_, i) => String((i * i + 3 * i) % 20).padStart(2, '0'))

describe('NumpyGenerator', () => {
  it('gives numpy’s words and permutation for seed 42', () => {
    const generator = new NumpyGenerator(42)
    expect([generator.u64(), generator.u64(), generator.u64()]).toEqual([
      14276969152011380360n,
      8095878257575067585n,
      15838336090824644132n,
    ])
    expect(new NumpyGenerator(42).permutation(10)).toEqual([5, 6, 0, 7, 3, 2, 4, 9, 1, 8])
  })

  it('draws without replacement by both of numpy’s ways', () => {
    const places = (n: number) => Array.from({ length: n }, (_, i) => i)
    for (const [n, size] of [
      [100, 99],
      [20_000, 401],
    ] as const) {
      const drawn = new NumpyGenerator(42).choice(places(n), size)
      expect(new Set(drawn).size).toBe(size)
    }
    expect(new NumpyGenerator(42).choice(places(3), 0)).toEqual([])
  })
})

describe.skipIf(isAbsent)('stratifiedCut (golden; skipped without ../shared beside the repository)', () => {
  it.each(cases.filter(({ args }) => args.stratify_by_column))('$name', ({ labels, args, test }) => {
    const rows = stratifiedCut(labels?.length ? labels.map(String) : ruled(), args.test_size, args.train_size)
    if (test.all) return expect(rows).toEqual(test.all)
    expect({ first20: rows.slice(0, 20), last5: rows.slice(-5), length: rows.length, fingerprint: fingerprint(rows) }).toEqual(
      test,
    )
  })

  it.each(Object.entries(isAbsent ? {} : streamChoices()))('choice of %s', (key, wanted) => {
    const [n = 0, size = 0] = key.split(',').map(Number)
    const drawn = new NumpyGenerator(42).choice(
      Array.from({ length: n }, (_, i) => i),
      size,
    )
    expect(
      wanted.all
        ? { all: drawn }
        : { first20: drawn.slice(0, 20), last5: drawn.slice(-5), length: drawn.length, fingerprint: fingerprint(drawn) },
    ).toEqual(wanted)
  })

  it('refuses a class of one row', () => {
    expect(() => stratifiedCut(['a', 'a', 'b'], 1)).toThrow(RangeError)
  })
})

function streamChoices(): Record<string, Part> {
  const { expected } = JSON.parse(readFileSync(new URL('streams.json', golden), 'utf8'))
  return expected['default_rng(42).choice(arange(n), k, replace=False)']
}
