import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type ComparedEngine, type ConsistencyRow, Ledger, openReadOnly } from '../src/index.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function engine(model: string, load: string): ComparedEngine {
  return { model, revision: '1', load, engine: 'onnx', version: '1.30.0', dtype: 'fp32', provider: 'cpu' }
}

function row(at: string, model: string, agreement: number | null): ConsistencyRow {
  return {
    at,
    a: engine(model, 'aa'),
    b: { ...engine(`served/${model}`, 'bb'), engine: 'openai' },
    kind: 'embeddings',
    texts: 'probe set 1',
    holds: agreement !== null,
    agreement,
    verdict: { checks: [] },
    numbers: { worst: [{ id: 'long-01', value: 0.9 }] },
    code: '0.1.0',
  }
}

it('keeps every comparison, newest first, and finds them by either model', () => {
  const ledger = Ledger.open({ folder, holder: 'test' })
  const rows = [row('2026-11-20', 'm', 0.99999), row('2026-11-21', 'm', null), row('2026-11-21', 'other', 0.5)]
  for (const one of rows) ledger.recordConsistency(one)
  const reader = openReadOnly(folder, 'reader')
  expect(reader.consistencyRows()).toEqual([
    { id: 3, ...rows[2] },
    { id: 2, ...rows[1] },
    { id: 1, ...rows[0] },
  ])
  expect(reader.consistencyRows({ model: 'm' }).map(({ id }) => id)).toEqual([2, 1])
  expect(reader.consistencyRows({ model: 'served/other' }).map(({ id }) => id)).toEqual([3])
  expect(reader.consistencyRows({ limit: 1 }).map(({ id }) => id)).toEqual([3])
  reader.close()
  ledger.close()
})
