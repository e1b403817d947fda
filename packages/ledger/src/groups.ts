import { type Config, encodingKey, isPairRecipe, type PairRecipe, pairKey, type SideRecipe } from '@sweepboard/contracts'
import { attachDerived, derivedFrom } from './derived-groups.ts'
import type { Handle } from './handle.ts'
import type { grp, Row, task, want } from './schema.ts'
import { CELL, nextState, WANT } from './states.ts'
import { finishIfDone } from './sweeps.ts'

export type GroupRow = Row<typeof grp>
export type TaskRow = Row<typeof task>
type WantRow = Row<typeof want>

export interface KeyedConfig {
  readonly key: string
  readonly config: Config
}

/** The configs of a set; sets are named by their content, so a parsed one never goes stale. */
export function configsOf(h: Handle, set: string): readonly KeyedConfig[] {
  const known = h.configSets.get(set)
  if (known !== undefined) return known as readonly KeyedConfig[]
  const row = h.get<{ json: string }>('select json from config_set where id = ?', set)
  const parsed: readonly KeyedConfig[] = row === undefined ? [] : JSON.parse(row.json)
  h.configSets.set(set, parsed)
  return parsed
}

/** ready = attached and every encoding complete; kept on the group and on its wants. */
export function refreshReady(h: Handle, id: number): void {
  h.run(
    `update grp set ready = (attached = 1 and not exists (select 1 from grp_encoding ge join encoding e on e.id = ge.encoding
     where ge.grp = grp.id and e.complete = 0)) where id = ?`,
    id,
  )
  h.run('update want set ready = (select ready from grp where id = want.grp) where grp = ?', id)
}

/** Whether an open want of a running sweep names this group. */
export function isWanted(h: Handle, id: number): boolean {
  return h.has(`select 1 from want w join sweep s on s.id = w.sweep where w.grp = ? and w.open = 1 and s.state = 'running'`, id)
}

/**
 * Links a group to its encodings, making them and their chunks where they are new. Without `reset` a chunk that failed earlier
 * fails the group at once; with it the caller reopens such chunks next. A child group is attached when its pairs are found, a derived
 * one when its sources are scored.
 */
export function attach(h: Handle, group: GroupRow, prepared: TaskRow, reset: boolean): void {
  if (group.derived === 1) attachDerived(h, group.id)
  if (
    group.attached === 1 ||
    group.derived === 1 ||
    group.rerank !== null ||
    prepared.queries === null ||
    prepared.documents === null
  )
    return
  const sides = [
    ['query', prepared.queries, group.querySide],
    ['document', prepared.documents, group.documentSide],
  ] as const
  for (const [side, set, recipe] of sides) {
    const encoding = ensureEncoding(h, set, group.lane, recipe)
    h.run('insert or ignore into grp_encoding (grp, side, encoding) values (?, ?, ?)', group.id, side, encoding)
  }
  h.run('update grp set attached = 1 where id = ?', group.id)
  refreshReady(h, group.id)
  h.cursors.delete(group.lane)
  if (reset) return
  const failed = h.get<{ failed: string }>(
    'select c.failed from grp_encoding ge join chunk c on c.encoding = ge.encoding where ge.grp = ? and c.failed is not null limit 1',
    group.id,
  )
  if (failed !== undefined) failGroup(h, group.id, failed.failed)
}

export function ensureEncoding(h: Handle, set: string, lane: string, side: string): number {
  const recipe: SideRecipe | PairRecipe = JSON.parse(side)
  const key = isPairRecipe(recipe) ? pairKey(lane, recipe) : encodingKey(lane, recipe)
  const known = h.get<{ id: number }>('select id from encoding where textSet = ? and encodingKey = ?', set, key)
  if (known !== undefined) return known.id
  const row = h.get<{ bounds: string }>('select bounds from text_set where digest = ?', set)
  const bounds: [start: number, end: number, bytes: number][] = JSON.parse(row?.bounds ?? '[]')
  h.run(
    'insert into encoding (textSet, encodingKey, lane, side, complete) values (?, ?, ?, ?, ?)',
    set,
    key,
    lane,
    side,
    bounds.length === 0 ? 1 : 0,
  )
  const id = h.get<{ id: number }>('select id from encoding where textSet = ? and encodingKey = ?', set, key)?.id ?? 0
  bounds.forEach(([start, end, bytes], n) => {
    const tokens = Math.max(1, Math.ceil(bytes / 4))
    h.run(
      'insert into chunk (encoding, n, start, "end", bytes, tokens) values (?, ?, ?, ?, ?, ?)',
      id,
      n,
      start,
      end,
      bytes,
      tokens,
    )
  })
  return id
}

/** Fails each group on an encoding that an open want of a sweep not cancelled names. */
export function failGroupsOn(h: Handle, encoding: number, failure: string): void {
  const groups = h.all<{ grp: number }>('select distinct grp from grp_encoding where encoding = ?', encoding)
  for (const { grp: id } of groups) failGroup(h, id, failure)
}

/** Fails every cell that waits in this group under an open want of a sweep not cancelled. `failure` is a `FailureRecord` as JSON. */
export function failGroup(h: Handle, id: number, failure: string): void {
  const wants = h.all<WantRow>(
    `select w.* from want w join sweep s on s.id = w.sweep where w.grp = ? and w.open = 1 and s.state <> 'cancelled'`,
    id,
  )
  for (const row of wants) for (const config of configsOf(h, row.configs)) failCell(h, id, config, failure)
  closeWants(h, id)
}

export function cellState(h: Handle, group: number, config: string): keyof typeof CELL {
  return (
    h.get<{ state: 'scored' | 'failed' | 'stale' }>('select state from cell where grp = ? and config = ?', group, config)
      ?.state ?? 'waiting'
  )
}

/** waiting, stale -> failed; the groups that are made from this cell's run fail with it. */
export function failCell(h: Handle, group: number, config: KeyedConfig, failure: string): void {
  if (nextState(CELL, cellState(h, group, config.key), 'fail') === null) return
  h.run(
    `insert into cell (grp, config, configJson, state, failure, scoredAt) values (?, ?, ?, 'failed', ?, ?)
     on conflict (grp, config) do update set state = 'failed', failure = excluded.failure, scoredAt = excluded.scoredAt`,
    group,
    config.key,
    JSON.stringify(config.config),
    failure,
    h.wallClock(),
  )
  h.events.push({ kind: 'cell', group, config: config.key, state: 'failed' })
  const children = h.all<{ id: number }>('select id from grp where parent = ? and parentConfig = ?', group, config.key)
  for (const id of [...children.map((child) => child.id), ...derivedFrom(h, group, config.key)]) failGroup(h, id, failure)
}

/** open -> closed for wants of a group whose every config is scored or failed; the last one of a sweep ends it. */
export function closeWants(h: Handle, id: number): void {
  for (const row of h.all<WantRow>('select * from want where grp = ? and open = 1', id)) {
    const settled = configsOf(h, row.configs).every(({ key }) => ['scored', 'failed'].includes(cellState(h, id, key)))
    if (!settled || nextState(WANT, 'open', 'settle') === null) continue
    h.run('update want set open = 0 where sweep = ? and grp = ?', row.sweep, id)
    h.touched.add(id)
    finishIfDone(h, row.sweep)
  }
}
