import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Load, TaskRef } from '@sweepboard/contracts'
import { expect, it, onTestFinished } from 'vitest'
import { Ledger, openReadOnly } from '../src/index.ts'
import { commitAll, group, leaseAll, load, prepared, scoreNext, submit, task } from './fixture.ts'

const MODEL = load('a')
const MINE = task('mine')
const LIMITED = { ...MINE, limit: 5 }
const EDITED = { ...MINE, source: { kind: 'shipped' as const, name: 'edited' } }

function open() {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'))
  const ledger = Ledger.open({ folder, holder: 'a test' })
  const reader = openReadOnly(folder, 'a reader')
  onTestFinished(() => {
    reader.close()
    ledger.close()
    rmSync(folder, { recursive: true })
  })
  const onBoard = (sweep: string | null = null) => reader.boardCells(sweep).map((cell) => cell.mainScore)
  /** A sweep over one data set, run to its end. */
  const score = (sweep: string, model: Load, data: { ref: TaskRef; documents: string; mainScore: number }) => {
    submit(ledger, sweep, [group(model, data.ref)])
    ledger.prepared(prepared(data.ref, ['q', 1], [data.documents, 1]))
    if ([...ledger.todoChunks(model.key, sweep)].length > 0) commitAll(ledger, leaseAll(ledger, sweep, model))
    scoreNext(ledger, sweep, data.mainScore)
  }
  return { ledger, onBoard, score }
}

it('a score on limited data never stands in one row with one on the whole data, whichever came last', () => {
  const { ledger, onBoard, score } = open()
  score('first', MODEL, { ref: LIMITED, documents: 'few', mainScore: 0.9 })
  expect(onBoard()).toEqual([0.9])
  score('second', MODEL, { ref: MINE, documents: 'all', mainScore: 0.5 })
  expect(onBoard()).toEqual([0.5])
  score('third', MODEL, { ref: { ...LIMITED, limit: 6 }, documents: 'more', mainScore: 0.8 })
  expect(onBoard()).toEqual([0.5])
  expect(onBoard('third')).toEqual([0.8])
  // An export counts what it leaves out.
  expect(ledger.allScoredCells().map((cell) => cell.limit)).toEqual([5, null, 6])
})

it('of a task whose data changed the newest sweep decides what is shown and exported', () => {
  const { ledger, onBoard, score } = open()
  score('before', MODEL, { ref: MINE, documents: 'all', mainScore: 0.5 })
  score('after', MODEL, { ref: EDITED, documents: 'edited', mainScore: 0.4 })
  expect(onBoard()).toEqual([0.4])
  expect(ledger.allScoredCells().map((cell) => cell.mainScore)).toEqual([0.4])
  expect(onBoard('before')).toEqual([0.5])
  submit(ledger, 'again', [group(MODEL, MINE)])
  expect(onBoard()).toEqual([0.5])
})

it('equal data read from two places is one data set', () => {
  const { onBoard, score } = open()
  score('here', MODEL, { ref: MINE, documents: 'all', mainScore: 0.5 })
  score('there', load('b'), { ref: EDITED, documents: 'all', mainScore: 0.6 })
  expect(onBoard()).toEqual([0.5, 0.6])
})
