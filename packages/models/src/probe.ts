import type { Vectors } from '@sweepboard/contracts'

/** Starts every probe text, so that nobody takes one for a task's text. */
export const PROBE_MARK = 'sweepboard probe: '
/** Fixed for ever: another text would be another fingerprint. */
export const PROBE_TEXTS: readonly string[] = [
  'the night train to the coast was late again',
  'How do I reset my card PIN?',
  '量子计算机如何纠正错误？',
  'function add(a, b) { return a + b }',
  'La bibliothèque ferme à dix-huit heures.',
  'Aspirin inhibits the production of prostaglandins.',
  '2026-11-21T14:30:00Z 42 3.14159 -7e-3',
  'a',
].map((text) => PROBE_MARK + text)

/** Width of a cell, in units of a unit vector's projection (standard deviation 1). */
const CELL = 0.2
/** How far beyond its cell a projection may lie and still fit: far above jitter of 1e-4, far below another model. */
const SLACK = 0.05

/**
 * Fingerprint of a remote model: for each probe text one projection of its normalised vector on fixed random signs,
 * rounded to cells of 0.2; e.g. `p1-768:3,-2,0,5,1,-4,0,2`. Components jittering by 1e-4 move a projection of 1,024
 * dimensions by about 0.002, so some 8 % of probes of such a server fall into another cell: `fingerprintFits` forgives
 * that, and resolving keeps a known fingerprint that fits. Vectors turned by a cosine of 0.99 are told apart in 98 of 100.
 * @param vectors `[PROBE_TEXTS.length, dim]`
 */
export function fingerprintOf(vectors: Vectors): string {
  const cells = projections(vectors).map((value) => Math.round(value / CELL) + 0)
  return `p1-${vectors.dim}:${cells.map((cell) => (Object.is(cell, -0) ? 0 : cell)).join(',')}`
}

/** Whether vectors may be those a fingerprint was made of: same dimension, each projection within its cell and the slack. */
export function fingerprintFits(fingerprint: string, vectors: Vectors): boolean {
  const found = /^p1-(\d+):(-?\d+(?:,-?\d+)*)$/.exec(fingerprint)
  if (found === null || Number(found[1]) !== vectors.dim) return false
  const cells = (found[2] as string).split(',').map(Number)
  const values = projections(vectors)
  return (
    cells.length === values.length &&
    values.every((value, i) => Math.abs(value - (cells[i] as number) * CELL) <= CELL / 2 + SLACK)
  )
}

function projections(vectors: Vectors): number[] {
  return Array.from({ length: vectors.rowCount }, (_, row) => {
    let state = (row + 1) * 0x9e3779b9
    let projection = 0
    let squares = 0
    for (let j = 0; j < vectors.dim; j += 1) {
      const value = vectors.values[row * vectors.dim + j] as number
      // xorshift32: one sign bit a component.
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      projection += (state & 0x10000) === 0 ? value : -value
      squares += value * value
    }
    return projection / Math.sqrt(squares)
  })
}
