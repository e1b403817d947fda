import type { CellView } from '@sweepboard/ledger'
import { describe, expect, it } from 'vitest'
import { describeCells } from './failures.ts'

function failed(message: string, fix: string, over: Partial<CellView> = {}): CellView {
  const cell = { model: 'org/model', task: 'SciFact', subset: 'default', split: 'test', failure: { message, fix }, ...over }
  return cell as unknown as CellView
}

describe('describeCells', () => {
  it("shows a cause once, with every line of a server's log, and its own remedy", () => {
    const died = failed('SB-WORK-020: ended; its last lines:\nRuntimeError: a\n\u001b[2J', 'Look at its log.')
    expect(describeCells([died, died, failed('SB-HTTP-001: refused', 'Start it.')]).join('\n')).toBe(
      [
        'failed: 2 cells of org/model on SciFact (default, test)',
        '  SB-WORK-020: ended; its last lines:',
        '    RuntimeError: a',
        '    \\u001b[2J',
        '  What to do: Look at its log.',
        'failed: 1 cell of org/model on SciFact (default, test)',
        '  SB-HTTP-001: refused',
        '  What to do: Start it.',
      ].join('\n'),
    )
  })

  it('names every task and model that a cause struck, of many the first few, and a part only where it is that of all', () => {
    const first = (...over: Partial<CellView>[]) =>
      describeCells(over.map((one) => failed('SB-HTTP-001: refused', 'Start it.', one)))[0]
    expect(first({ task: 'gamma' }, { task: 'tiny' }, { task: 'gamma' })).toBe(
      'failed: 3 cells of org/model on gamma, tiny (default, test)',
    )
    expect(first({ split: 'dev' }, { task: 'tiny', model: 'org/other' })).toBe(
      'failed: 2 cells of org/model, org/other on SciFact, tiny',
    )
    expect(first(...['a', 'b', 'c', 'd', 'e'].map((task) => ({ task })))).toBe(
      'failed: 5 cells of org/model on a, b and 3 more tasks (default, test)',
    )
  })
})
