import {
  type CellResult,
  type ChunkFailure,
  type End,
  isPairRecipe,
  type PairRecipe,
  type SideRecipe,
  SweepError,
  toFailureRecord,
} from '@sweepboard/contracts'
import { damageChild, damagePairs, pairsLease, takePairs, takePairsFailure } from './child-groups.ts'
import { chunkRow, chunkState, failChunk, revokeChunk } from './chunks.ts'
import { attachDerived, derivedFrom } from './derived-groups.ts'
import { unmark } from './gc.ts'
import { cellState, closeWants, failCell, failGroup, type KeyedConfig } from './groups.ts'
import type { Handle } from './handle.ts'
import { closeLease, type LeaseRow, leaseRow } from './leases.ts'
import { lostRun } from './lost-run.ts'
import { damageTasks } from './prepare.ts'
import { recordOf, TRIES } from './score-failure.ts'
import { CELL, nextState } from './states.ts'

/** A chunk fails at its sixth crash mark. */
export const CRASHES = 6

interface ScoreLease {
  readonly grp: number
  readonly configs: string
}

/**
 * What a run reports at its end. Results and crash marks count whenever they come; failures, missing artifacts and giving back only
 * while the lease is open and held by this host. `isWhole` reads an artifact: false where it is gone or damaged (and then removed).
 */
export function end(h: Handle, sent: End, isWhole: (digest: string) => boolean): void {
  const row = leaseRow(h, sent.lease)
  const open = row !== undefined && row.run !== null && row.host === sent.host ? row : null
  const pairs = pairsLease(h, sent.lease)
  const scored = pairs === null ? h.get<ScoreLease>('select grp, configs from score_lease where id = ?', sent.lease) : undefined
  if (pairs !== null && sent.pairSet !== undefined) takePairs(h, pairs, sent.pairSet)
  if (scored !== undefined && sent.results.length > 0) takeResults(h, scored, sent.results)
  for (const { encoding, n } of sent.crashed) takeCrash(h, encoding, n, sent.lease)
  if (open !== null) {
    for (const failure of sent.failures) takeFailure(h, open, failure, isWhole)
    for (const gone of sent.missing) takeMissing(h, gone, isWhole)
    if (pairs !== null && sent.pairsFailure !== undefined) takePairsFailure(h, pairs, sent.pairsFailure, isWhole)
    if (scored !== undefined) takeScoreFailures(h, scored, sent.scoreFailures, isWhole)
    closeLease(h, open)
  }
}

/** waiting, failed, stale -> scored; a scored cell never changes, and a config the lease did not name is not taken. */
function takeResults(h: Handle, lease: ScoreLease, results: readonly CellResult[]): void {
  const named: readonly KeyedConfig[] = JSON.parse(lease.configs)
  h.run('update encoding set usedAt = ? where id in (select encoding from grp_encoding where grp = ?)', h.wallClock(), lease.grp)
  for (const result of results) {
    const config = named.find(({ key }) => key === result.config)
    if (config === undefined || nextState(CELL, cellState(h, lease.grp, result.config), 'score') === null) continue
    h.run(
      `insert into cell (grp, config, configJson, state, mainScore, metrics, evidence, run, perQuery, scoredAt)
       values (?, ?, ?, 'scored', ?, ?, ?, ?, ?, ?) on conflict (grp, config) do update set state = 'scored', failure = null,
       mainScore = excluded.mainScore, metrics = excluded.metrics, evidence = excluded.evidence, run = excluded.run,
       perQuery = excluded.perQuery, scoredAt = excluded.scoredAt`,
      lease.grp,
      result.config,
      JSON.stringify(config.config),
      result.mainScore,
      JSON.stringify(result.metrics),
      JSON.stringify(result.evidence),
      result.run,
      result.perQuery,
      h.wallClock(),
    )
    for (const digest of [result.run, result.perQuery]) if (digest !== null) unmark(h, digest)
    h.events.push({ kind: 'cell', group: lease.grp, config: result.config, state: 'scored' })
    for (const id of derivedFrom(h, lease.grp, result.config)) attachDerived(h, id)
  }
  closeWants(h, lease.grp)
}

/** One mark per (chunk, lease), whether or not the lease is still open: a host may need longer than grace to come back. */
function takeCrash(h: Handle, encoding: number, n: number, lease: string): void {
  const row = chunkRow(h, encoding, n)
  if (row === undefined || row.digest !== null || row.failed !== null) return
  h.run('insert or ignore into crash (encoding, n, lease) values (?, ?, ?)', encoding, n, lease)
  const count =
    h.get<{ count: number }>('select count(*) as count from crash where encoding = ? and n = ?', encoding, n)?.count ?? 0
  if (count >= CRASHES) failChunk(h, row, toFailureRecord(new SweepError('SB-WORK-003', { count, encoding, n })))
}

function takeFailure(h: Handle, lease: LeaseRow, failure: ChunkFailure, isWhole: (digest: string) => boolean): void {
  const row = chunkRow(h, failure.encoding, failure.n)
  if (row === undefined || row.lease !== lease.id) return
  if (failure.code.startsWith('SB-ART-') && isSourceDamaged(h, failure.encoding, isWhole)) return
  const record = recordOf(failure, { text: failure.text, encoding: failure.encoding, n: failure.n })
  const isLast = failure.kind === 'poison' || row.tries + 1 >= TRIES
  h.run('update chunk set tries = tries + 1 where encoding = ? and n = ?', failure.encoding, failure.n)
  if (isLast) failChunk(h, row, record)
}

/** A text set goes back to preparation; pairs are found again, and the two text sets they point into are looked at, too. */
function isSourceDamaged(h: Handle, encoding: number, isWhole: (digest: string) => boolean): boolean {
  const row = h.get<{ textSet: string; side: string }>('select textSet, side from encoding where id = ?', encoding)
  if (row === undefined) return false
  if (!isPairRecipe(JSON.parse(row.side) as SideRecipe | PairRecipe)) return damageTasks(h, 'textSet', row.textSet, isWhole)
  const tasks = h.all<{ taskKey: string }>(
    'select distinct g.taskKey from grp_encoding ge join grp g on g.id = ge.grp where ge.encoding = ?',
    encoding,
  )
  const damaged = tasks.filter(({ taskKey }) => damageTasks(h, 'taskKey', taskKey, isWhole))
  return damagePairs(h, [row.textSet], isWhole) || damaged.length > 0
}

/** done -> todo, where the service's own look agrees with the report. */
function takeMissing(h: Handle, gone: End['missing'][number], isWhole: (digest: string) => boolean): void {
  const row = chunkRow(h, gone.encoding, gone.n)
  if (row === undefined || chunkState(row) !== 'done' || row.digest !== gone.digest || isWhole(gone.digest)) return
  revokeChunk(h, row)
}

/** Wrong input fails the cell at once, anything else at the third time. */
function takeScoreFailures(
  h: Handle,
  lease: ScoreLease,
  failures: End['scoreFailures'],
  isWhole: (digest: string) => boolean,
): void {
  if (failures.length === 0) return
  const task = h.get<{ taskKey: string; tries: number }>('select taskKey, tries from grp where id = ?', lease.grp)
  if (task === undefined) return
  if (failures.some(({ code }) => code.startsWith('SB-ART-'))) {
    const isTaskDamaged = damageTasks(h, 'taskKey', task.taskKey, isWhole)
    if (damageChild(h, lease.grp, isWhole) || isTaskDamaged) return
    const lost = lostRun(h, lease.grp, isWhole)
    if (lost !== null) {
      failGroup(h, lease.grp, JSON.stringify(lost))
      return
    }
  }
  h.run('update grp set tries = tries + 1 where id = ?', lease.grp)
  const named: readonly KeyedConfig[] = JSON.parse(lease.configs)
  for (const failure of failures) {
    const config = named.find(({ key }) => key === failure.config)
    const record = recordOf(failure, {})
    if (config !== undefined && (record.kind === 'invalid' || task.tries + 1 >= TRIES))
      failCell(h, lease.grp, config, JSON.stringify(record))
  }
  closeWants(h, lease.grp)
}
