import { mkdtempSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256, writeVectors } from '@sweepboard/contracts'
import { afterAll, describe, expect, it } from 'vitest'
import { SideVectors } from './vector-blocks.ts'

const folder = mkdtempSync(join(tmpdir(), 'sweepboard-vector-blocks-'))
const store = {
  get: async (digest: string) => {
    const { buffer, byteOffset, byteLength } = await readFile(join(folder, digest))
    return new Uint8Array(buffer, byteOffset, byteLength)
  },
  put: async (bytes: Uint8Array) => {
    await writeFile(join(folder, sha256(bytes)), bytes)
    return sha256(bytes)
  },
}
afterAll(() => rmSync(folder, { recursive: true }))

/** Chunks of so many rows; the value at a place tells row and column. */
async function sideOf(sizes: readonly number[], dim: number) {
  const chunks: { n: number; start: number; end: number; digest: string }[] = []
  let start = 0
  for (const [n, rowCount] of sizes.entries()) {
    const first = start * dim
    const values = Float32Array.from({ length: rowCount * dim }, (_, i) => first + i)
    chunks.push({ n, start, end: start + rowCount, digest: await store.put(writeVectors({ values, rowCount, dim })) })
    start += rowCount
  }
  return { encoding: 1, textSet: sha256('set'), count: start, chunks }
}

describe('SideVectors', () => {
  it('writes blocks where earlier ones were given back, never into one that is kept', async () => {
    const dim = 8
    const side = await sideOf([3, 5000, 9000, 100, 8100, 5, 8192, 7], dim)
    const blocks = new SideVectors(side, store).blocks()
    const memory = new Set<unknown>()
    const kept: { row: number; values: Float32Array }[] = []
    let rows = 0
    for await (const { firstRow, matrix, giveBack } of blocks) {
      const values = matrix.values.subarray(0, matrix.rowCount * dim)
      expect(firstRow).toBe(rows)
      expect([values[0], values.at(-1)]).toEqual([rows * dim, (rows + matrix.rowCount) * dim - 1])
      memory.add(matrix.values.buffer)
      rows += matrix.rowCount
      if (kept.length < 1) kept.push({ row: firstRow, values })
      else giveBack?.()
    }
    expect(rows).toBe(side.count)
    for (const { row, values } of kept) expect(values[0]).toBe(row * dim)
    expect(memory.size).toBeLessThan(6)
  })

  it('leaves no few rows alone at the end, and makes blocks smaller towards it', async () => {
    for (const last of [1, 5, 200, 256]) {
      const side = await sideOf([...Array.from({ length: 75 }, () => 256), last], 2)
      const sizes: number[] = []
      for await (const { matrix, giveBack } of new SideVectors(side, store).blocks()) {
        sizes.push(matrix.rowCount)
        giveBack?.()
      }
      expect(sizes.reduce((sum, size) => sum + size)).toBe(side.count)
      expect(sizes[0]).toBe(2048)
      expect(sizes.at(-2)).toBe(1024)
      expect(sizes.at(-1)).toBeGreaterThanOrEqual(512)
    }
  })

  it('gives back the bytes of a file, but for small ones, whose memory Node.js shares', async () => {
    const side = await sideOf([1, 4096], 8)
    const given: number[] = []
    const io = {
      ...store,
      release: (memory: ArrayBuffer) => {
        given.push(memory.byteLength)
        memory.transfer(0)
      },
    }
    const { values } = await new SideVectors(side, io).all()
    expect([values.length, values.at(-1)]).toEqual([4097 * 8, 4097 * 8 - 1])
    expect(given.at(-1)).toBe(16 + 4 * 8 * 4096)
    expect(Buffer.from('memory that is shared still works').toString()).toMatch(/works$/)
  })
})
