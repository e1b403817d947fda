import type { CellView } from '@sweepboard/ledger'
import { describe, expect, it } from 'vitest'
import { describeCells } from './failures.ts'

function failed(message: string, fix: string): CellView {
  const cell = { model: 'org/model', task: 'SciFact', subset: 'default', split: 'test', failure: { message, fix } }
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
})
