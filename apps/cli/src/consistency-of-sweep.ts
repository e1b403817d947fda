import type { ConsistencyRow } from '@sweepboard/ledger'
import { readSpec } from '@sweepboard/planner'
import { consistencyEntries } from './consistency-entries.ts'
import { digits } from './consistency-report.ts'
import { type CompareOptions, compareTwo } from './consistency-run.ts'
import { printEvent, printResult } from './output.ts'

/** As `consistency` has them when nothing is said. */
const DEFAULTS = { limit: 1000, worst: 10, dtype: undefined } as const

type Place = Pick<CompareOptions, 'specDir' | 'readEnv' | 'fingerprints' | 'datasets' | 'hub' | 'threads' | 'signal'>

/** Runs the comparisons of a sweep file once, prints and records each; answers whether all of them hold. */
export async function checkConsistency(
  sweep: { readonly text: string; readonly file: string },
  by: Place & { readonly asJson: boolean; readonly record: (row: ConsistencyRow) => void },
): Promise<boolean> {
  let holds = true
  for (const { pair, ...entry } of consistencyEntries(readSpec(sweep.text, sweep.file))) {
    const { row } = await compareTwo(pair, { ...DEFAULTS, ...by, ...entry })
    by.record(row)
    holds &&= row.holds
    if (by.asJson)
      printEvent({ event: 'consistency', model: row.a.model, holds: row.holds, agreement: row.agreement, texts: row.texts })
    else {
      const found = row.agreement === null ? 'undefined' : digits(row.agreement)
      printResult(
        `consistency ${row.holds ? 'holds' : 'DOES NOT HOLD'}: ${row.a.model}, ${row.a.engine} against ${row.b.engine}: ${found} over ${row.texts}`,
      )
    }
  }
  return holds
}
