import type { Vectors } from '@sweepboard/contracts'

/** Seeded values in [-1, 1), the same in every run (xorshift32). Shape [rowCount, dim]. */
export function randomRows(rowCount: number, dim: number, seed: number): Vectors {
  const values = new Float32Array(rowCount * dim)
  let state = seed | 1
  for (let i = 0; i < values.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    values[i] = (state >>> 0) / 2 ** 31 - 1
  }
  return { values, rowCount, dim }
}
