import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { tempFolder, writeFiles } from '../test/task-folder.ts'
import type { CellRow, RowPlace } from './cell.ts'
import { MistakeList } from './mistake-list.ts'
import { fileTable } from './table.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../test/fixtures/${name}.parquet`, import.meta.url))
const isAbsent = await import('./parquet-rows.ts').then(
  () => false,
  () => true,
)

async function read(...files: string[]) {
  const mistakes = new MistakeList('t')
  const rows: { row: CellRow; place: RowPlace }[] = []
  await fileTable(files).read(mistakes, (row, place) => rows.push({ row, place }))
  return { rows, mistakes }
}

describe.skipIf(isAbsent)('Parquet (skipped where hyparquet is not installed)', () => {
  it.each(['none', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4', 'v2'])(
    'reads every row and type, packed with %s, over row groups',
    async (name) => {
      const { rows, mistakes } = await read(fixture(`pairs.${name}`))
      expect(mistakes.count).toBe(0)
      expect(rows).toHaveLength(300)
      for (const [i, { row, place }] of rows.entries()) {
        expect(place.line).toBe(i + 1)
        expect(row).toEqual({
          sentence1: i % 7 ? `first ${i} \u6c49\u{1f600}` : '',
          sentence2: `second ${i % 40}`,
          score: i / 60,
          number: BigInt(i),
          ids: Array.from({ length: i % 4 }, (_, j) => `d${j}`),
          turns: [{ role: 'user', content: `turn ${i}` }],
          lang: i % 3 ? 'de-en' : 'fr-en',
        })
      }
    },
  )

  it('reads several files as one table', async () => {
    expect((await read(fixture('pairs.none'), fixture('pairs.zstd'))).rows).toHaveLength(600)
  })

  it('notes a cut file, another format, a folder and an absent file', async () => {
    const whole = readFileSync(fixture('pairs.snappy'))
    const folder = writeFiles(tempFolder(), {
      'cut.parquet': whole.subarray(0, whole.length - 100),
      'text.parquet': 'sentence1,sentence2\n',
      'empty.parquet': '',
      'folder.parquet/x': '',
    })
    const files = ['cut', 'text', 'empty', 'folder', 'gone'].map((name) => join(folder, `${name}.parquet`))
    for (const [i, file] of files.entries()) {
      const { rows, mistakes } = await read(file)
      expect(rows).toEqual([])
      expect(() => mistakes.refuse()).toThrow(
        expect.objectContaining({
          mistakes: [
            expect.objectContaining({ code: ['SB-TASK-012', 'SB-TASK-012', 'SB-TASK-012', 'SB-FILE-001', 'SB-TASK-008'][i] }),
          ],
        }),
      )
    }
  })
})
