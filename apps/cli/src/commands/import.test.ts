import { SweepError } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { importNotes } from './import.ts'

const skipped = (code: 'SB-FILE-002' | 'SB-FILE-003', count: number) =>
  Array.from({ length: count }, (_, i) => ({ error: new SweepError(code, { file: `f${i}.json`, message: 'no scores' }) }))

describe('importNotes', () => {
  it('says of an own export how many experiments were left out, not which', () => {
    expect(importNotes(skipped('SB-FILE-003', 31), 2)).toEqual([
      expect.stringMatching(/^left out: 31 files are experiments/),
      expect.stringMatching(/^2 files were written by `sweepboard export`/),
    ])
  })

  it('names what could not be read, the first twenty of many', () => {
    const notes = importNotes([...skipped('SB-FILE-002', 22), ...skipped('SB-FILE-003', 1)], 0)
    expect(notes).toHaveLength(22)
    expect(notes[0]).toContain('f0.json')
    expect(notes.slice(20)).toEqual(['... and 2 more: --json names them all', expect.stringMatching(/1 file is an experiment/)])
    expect(importNotes([], 0)).toEqual([])
  })
})
