import {
  type End,
  newLeaseId,
  type PairsWork,
  type PlannedRerank,
  pairKey,
  type RerankWork,
  SCORE_LANE,
  SweepError,
} from '@sweepboard/contracts'
import { scoreSides } from './claim-sides.ts'
import { ensureEncoding, failGroup, type GroupRow, isWanted, type KeyedConfig, refreshReady, type TaskRow } from './groups.ts'
import type { Handle } from './handle.ts'
import { closeLease, closeUnwantedOn, type LeaseRow, leaseRow, pay } from './leases.ts'
import { lostRun } from './lost-run.ts'
import { addTextSet, damageTasks } from './prepare.ts'
import { recordOf, TRIES } from './score-failure.ts'

/** What a `pairs` lease is about, fixed when it is made: what is found holds only for these depths, beside these pair sets. */
export interface PairsLease {
  readonly groups: readonly { readonly id: number; readonly depth: number }[]
  /** Digests of the pair sets whose pairs are left out. */
  readonly known: readonly string[]
}

/**
 * Child groups (protocol section 2): their cells re-order the ranked run of a parent's cell, or a task's candidate lists, by the scores of
 * pairs. Waiting children of one parent, one reranker and one recipe get their pairs from one `pairs` lease, so that a pair which
 * several of their runs share is scored once; a child that comes later adds only the pairs that no sibling has.
 */

/**
 * Child groups of a sweep whose pairs can be found now, in plan order. Not as long as those of a sibling are being looked for: both
 * would find the pairs that they share.
 */
export function unpairedGroups(h: Handle, sweep: string, limit: number): number[] {
  return h
    .all<{ id: number }>(
      `select g.id from grp g indexed by grp_unpaired cross join want w on w.grp = g.id join task t on t.key = g.taskKey
       where g.rerank is not null and g.attached = 0 and g.lease is null and w.sweep = ? and w.open = 1 and t.state = 'prepared'
         and (g.parent is null or exists (select 1 from cell c where c.grp = g.parent and c.config = g.parentConfig and c.state = 'scored'))
         and not exists (select 1 from grp s join lease l on l.id = s.lease where s.parent = g.parent and s.lane = g.lane and l.kind = 'pairs')
       order by w.rank, w.grp limit ?`,
      sweep,
      limit,
    )
    .map(({ id }) => id)
}

/** A lease that finds the pairs of this child group, and of its siblings that wait for theirs. */
export function leasePairs(h: Handle, want: { sweep: string; group: number; cost: number }): string {
  const group = h.get<GroupRow>('select * from grp where id = ? and attached = 0 and lease is null', want.group)
  if (group === undefined) throw new SweepError('SB-CORE-001', { message: `group ${want.group} waits for no pairs` })
  const waiting = siblings(h, group).filter(
    (one) => one.attached === 0 && one.lease === null && runOf(h, one) !== undefined && isWanted(h, one.id),
  )
  const all = [group, ...waiting.filter(({ id }) => id !== group.id)]
  const about: PairsLease = {
    groups: all.map((one) => ({ id: one.id, depth: rerankOf(one).depth })),
    known: pairSets(h, siblings(h, group)).map(({ textSet }) => textSet),
  }
  const id = newLeaseId(h.random)
  for (const one of all) h.run('update grp set lease = ? where id = ?', id, one.id)
  h.run(`insert into lease (id, kind, lane, sweep, grp) values (?, 'pairs', ?, ?, ?)`, id, SCORE_LANE, want.sweep, group.id)
  h.run('insert into score_lease (id, grp, configs) values (?, ?, ?)', id, group.id, JSON.stringify(about))
  pay(h, want.sweep, want.cost)
  return id
}

/**
 * A child group that a sweep wants deeper than any before it waits for pairs again: those it has are known, so only the others are
 * found and scored. What is scored stays. Pairs that are being looked for are looked for again.
 */
export function deepen(h: Handle, id: number, depth: number): void {
  const group = groupRow(h, id)
  if (group === undefined || group.rerank === null || rerankOf(group).depth >= depth) return
  h.run('update grp set rerank = ?, attached = 0 where id = ?', JSON.stringify({ ...rerankOf(group), depth }), id)
  const lease = group.lease === null ? undefined : leaseRow(h, group.lease)
  if (lease?.kind === 'pairs') closeLease(h, lease)
  refreshReady(h, id)
}

/** What a `pairs` lease is about, null where it is another lease. */
export function pairsLease(h: Handle, lease: string): PairsLease | null {
  const row = h.get<{ configs: string }>('select configs from score_lease where id = ?', lease)
  const about: PairsLease | unknown[] = JSON.parse(row?.configs ?? '[]')
  return Array.isArray(about) ? null : about
}

/** What finding pairs needs; null where there is nothing to look at any more, or where the pair sets of its family are not those it leaves out. */
export function pairsWork(h: Handle, lease: LeaseRow): PairsWork | null {
  const about = pairsLease(h, lease.id)
  const groups = (about?.groups ?? []).flatMap(({ id, depth }) => {
    const row = groupRow(h, id)
    return row === undefined ? [] : [{ row, depth }]
  })
  const first = groups[0]?.row
  const task = first && h.get<TaskRow>('select * from task where key = ?', first.taskKey)
  if (about === null || first === undefined || task?.judgments == null || task.queries === null || task.documents === null)
    return null
  if (!isAllKnown(h, first, about.known)) return null
  const runs = groups.flatMap(({ row, depth }) => {
    const run = runOf(h, row)
    return run == null ? [] : [{ run, depth }]
  })
  if (first.parent !== null && runs.length === 0) return null
  return {
    kind: 'pairs',
    lease: lease.id,
    task: task.name,
    judgments: task.judgments,
    queries: task.queries,
    documents: task.documents,
    runs,
    known: [...about.known],
  }
}

/** What scoring a child group needs; the caller has seen that it is ready. */
export function rerankWork(h: Handle, lease: string, group: GroupRow, task: TaskRow): RerankWork | null {
  const wanted = h.get<{ configs: string }>('select configs from score_lease where id = ?', lease)
  const run = runOf(h, group)
  if (wanted === undefined || task.judgments === null || run === undefined) return null
  return {
    kind: 'rerank',
    lease,
    group: group.id,
    task: task.name,
    mainScore: task.mainScore,
    judgments: task.judgments,
    run,
    pairs: scoreSides(h, group.id, 'pair%'),
    configs: JSON.parse(wanted.configs) as KeyedConfig[],
  }
}

/**
 * The children named by a `pairs` lease are attached to what it found and to what their siblings have. A repeat is a no-op. An answer
 * that comes late may lack pairs by now, of a child wanted deeper or of a pair set lost meanwhile, or hold pairs that the answer of
 * another lease has brought meanwhile, which would be scored twice: such children go on waiting.
 */
export function takePairs(h: Handle, { groups, known: leftOut }: PairsLease, found: NonNullable<End['pairSet']>): void {
  addTextSet(h, found)
  let own: number | null = null
  for (const { id, depth } of groups) {
    const group = groupRow(h, id)
    if (group === undefined || group.attached === 1 || !isAllKnown(h, group, leftOut, found.digest)) continue
    const { load, recipe, depth: wanted } = rerankOf(group)
    if (depth < wanted) continue
    own = ensureEncoding(h, found.digest, load.key, JSON.stringify(recipe))
    const known = pairSets(h, siblings(h, group)).map(({ encoding }) => encoding)
    const encodings = [...new Set([...known, own])]
    h.run(`delete from grp_encoding where grp = ? and side like 'pair%'`, id)
    encodings.forEach((encoding, i) => {
      h.run('insert into grp_encoding (grp, side, encoding) values (?, ?, ?)', id, `pair${i}`, encoding)
    })
    h.run('update grp set attached = 1, tries = 0 where id = ?', id)
    refreshReady(h, id)
    h.cursors.delete(group.lane)
    const failed = h.get<{ failed: string }>(
      'select c.failed from grp_encoding ge join chunk c on c.encoding = ge.encoding where ge.grp = ? and c.failed is not null limit 1',
      id,
    )
    if (failed !== undefined) failGroup(h, id, failed.failed)
  }
  if (own !== null && found.bounds.length > 0) h.events.push({ kind: 'chunk', encoding: own, n: 0, state: 'todo' })
}

/**
 * Wrong input fails the children of a `pairs` lease at once, anything else at the third time; lost artifacts are made again, but for
 * the run to re-order, without which its children fail.
 */
export function takePairsFailure(
  h: Handle,
  { groups, known }: PairsLease,
  failure: NonNullable<End['pairsFailure']>,
  isWhole: (digest: string) => boolean,
): void {
  const first = groups[0] === undefined ? undefined : groupRow(h, groups[0].id)
  if (first !== undefined && failure.code.startsWith('SB-ART-')) {
    const isTaskDamaged = damageTasks(h, 'taskKey', first.taskKey, isWhole)
    if (damagePairs(h, known, isWhole) || isTaskDamaged) return
    const lost = groups.map(({ id }) => ({ id, failure: lostRun(h, id, isWhole) })).filter((one) => one.failure !== null)
    for (const { id, failure: record } of lost) failGroup(h, id, JSON.stringify(record))
    if (lost.length > 0) return
  }
  const record = recordOf(failure, {})
  for (const { id } of groups) {
    const group = groupRow(h, id)
    if (group === undefined || group.attached === 1) continue
    h.run('update grp set tries = tries + 1 where id = ?', id)
    if (record.kind === 'invalid' || group.tries + 1 >= TRIES) failGroup(h, id, JSON.stringify(record))
  }
}

/** What a child group is scored from turned out to be gone: damaged pair sets are found again. Answers whether any was. */
export function damageChild(h: Handle, id: number, isWhole: (digest: string) => boolean): boolean {
  const group = groupRow(h, id)
  if (group === undefined || group.rerank === null) return false
  const sets = pairSets(h, [group]).map(({ textSet }) => textSet)
  return damagePairs(h, sets, isWhole)
}

/**
 * Groups on a pair set that is gone or damaged wait for its pairs again, and leases over nothing but its chunks close. Answers whether
 * any of these sets was.
 */
export function damagePairs(h: Handle, textSets: readonly string[], isWhole: (digest: string) => boolean): boolean {
  const gone = textSets.filter((textSet) => !isWhole(textSet))
  for (const textSet of gone) {
    const links = h.all<{ grp: number; encoding: number }>(
      `select ge.grp, ge.encoding from encoding e join grp_encoding ge on ge.encoding = e.id where e.textSet = ? and ge.side like 'pair%'`,
      textSet,
    )
    for (const { grp, encoding } of links) {
      h.run('delete from grp_encoding where grp = ? and encoding = ?', grp, encoding)
      h.run('update grp set attached = 0 where id = ?', grp)
      refreshReady(h, grp)
    }
    for (const encoding of new Set(links.map((link) => link.encoding))) closeUnwantedOn(h, encoding)
  }
  return gone.length > 0
}

/** Whether the family of a group has exactly the pair sets that a lease left out, and perhaps the one it found. */
function isAllKnown(h: Handle, group: GroupRow, leftOut: readonly string[], found?: string): boolean {
  const has = pairSets(h, siblings(h, group)).map(({ textSet }) => textSet)
  return leftOut.every((textSet) => has.includes(textSet)) && has.every((one) => one === found || leftOut.includes(one))
}

/** Children of the same parent group, reranker and recipe, itself included; of candidate lists only itself. */
function siblings(h: Handle, group: GroupRow): GroupRow[] {
  if (group.parent === null) return [group]
  const { load, recipe } = rerankOf(group)
  const key = pairKey(load.key, recipe)
  return h
    .all<GroupRow>('select * from grp where parent = ? and lane = ? order by id', group.parent, group.lane)
    .filter((one) => pairKey(one.lane, rerankOf(one).recipe) === key)
}

function pairSets(h: Handle, groups: readonly GroupRow[]): { encoding: number; textSet: string }[] {
  const ids = groups.map(({ id }) => id)
  return h.all<{ encoding: number; textSet: string }>(
    `select distinct e.id as encoding, e.textSet from grp_encoding ge join encoding e on e.id = ge.encoding
     where ge.side like 'pair%' and ge.grp in (select value from json_each(?)) order by e.id`,
    JSON.stringify(ids),
  )
}

/** The parent's ranked run: null on candidate lists, undefined as long as the parent's cell is not scored. */
function runOf(h: Handle, group: GroupRow): string | null | undefined {
  if (group.parent === null) return null
  const cell = h.get<{ run: string | null }>(
    `select run from cell where grp = ? and config = ? and state = 'scored'`,
    group.parent,
    group.parentConfig,
  )
  return cell?.run ?? undefined
}

function rerankOf(group: GroupRow): PlannedRerank {
  return JSON.parse(group.rerank ?? 'null') as PlannedRerank
}

function groupRow(h: Handle, id: number): GroupRow | undefined {
  return h.get<GroupRow>('select * from grp where id = ?', id)
}
