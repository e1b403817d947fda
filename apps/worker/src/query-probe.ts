import { performance } from 'node:perf_hooks'
import type { SideRecipe } from '@sweepboard/contracts'
import type { Engine } from '@sweepboard/models'

/** Short questions of several lengths; always the same, so that latencies of two models are of the same texts. */
const QUERIES = [
  'weather tomorrow',
  'how to reset a forgotten password',
  'symptoms of vitamin d deficiency in adults',
  'what is the difference between a patent and a trademark',
  'best way to store fresh basil so that it does not turn black',
  'which statute applies when a tenant leaves before the end of the lease',
  'python read large csv file without running out of memory',
  'does regular exercise lower the risk of heart disease in people over sixty',
]
const ROUNDS = 3

/**
 * Milliseconds of single encodes, one query at a time, after a round that is not counted. `signal` and `onProgress` as for any encode.
 *
 * @returns [24] latencies in order of measurement
 */
export async function measureQueries(
  engine: Pick<Engine, 'encode'>,
  side: SideRecipe,
  options: { readonly signal: AbortSignal; readonly onProgress: () => void },
): Promise<number[]> {
  const found: number[] = []
  for (let round = -1; round < ROUNDS; round++) {
    for (const query of QUERIES) {
      const started = performance.now()
      await engine.encode(side, [query], { ...options, isTimed: true })
      if (round >= 0) found.push(performance.now() - started)
    }
  }
  return found
}
