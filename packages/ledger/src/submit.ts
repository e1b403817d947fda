import {
  type Config,
  canonicalJson,
  configKey,
  type Digest,
  type Keep,
  type Load,
  type Plan,
  type PlannedGroup,
  type PreparedTask,
  SweepError,
  sha256,
  taskKey,
  uniteChoices,
} from '@sweepboard/contracts'
import { NEW_SWEEP_CREDIT_SECONDS } from '@sweepboard/dispatch'
import { deepen } from './child-groups.ts'
import { reopenChunks } from './chunks.ts'
import { addSources } from './derived-groups.ts'
import { attach, closeWants, configsOf, type GroupRow, type TaskRow } from './groups.ts'
import type { Handle } from './handle.ts'
import { prepared } from './prepare.ts'
import { CELL, nextState, PREPARATION } from './states.ts'
import { finishIfDone, smallestVtime } from './sweeps.ts'

export interface Submission {
  readonly sweep: string
  readonly name: string
  /** The YAML as written. */
  readonly spec: string
  readonly plan: Plan
  /** Wall-clock text for people. */
  readonly createdAt: string
  readonly weight?: number
  /** Slot-seconds it is ahead of the running sweeps by; those of one full-size lease without it. */
  readonly credit?: number
  /** Which of its vectors stay once no open want needs them; default `all`. */
  readonly keep?: Keep
  /** What the sweep wants of groups that went in before; without it, all groups of the plan. */
  readonly wants?: readonly GroupWant[]
}

/** What a sweep wants of one group. */
export interface GroupWant {
  readonly group: Digest
  readonly configs: readonly Config[]
  /** Plan order. */
  readonly rank: number
}

/**
 * Puts groups and prepared tasks in before their sweep: without wants nothing comes of them. So a big sweep can be sent in slices, and
 * only its wants have to go into one transaction. Groups that are there already stay as they are.
 */
export function addGroups(h: Handle, groups: readonly PlannedGroup[], preparedTasks: readonly PreparedTask[]): void {
  for (const group of groups) addGroup(h, group)
  for (const done of preparedTasks) prepared(h, done)
  for (const { key } of groups) {
    const group = h.get<GroupRow>('select * from grp where key = ? and attached = 0', key)
    const task = group && h.get<TaskRow>(`select * from task where key = ? and state = 'prepared'`, group.taskKey)
    if (group !== undefined && task !== undefined) attach(h, group, task, true)
  }
}

/**
 * - -> running. The same sweep id again is a no-op and answers `isNew: false`; with another spec it is no repeat, and refused: who sent it
 * would wait for what nobody recorded. Throws `SB-LEDGER-012`.
 */
export function submit(h: Handle, sent: Submission): { isNew: boolean } {
  const known = h.get<{ spec: string }>('select spec from sweep where id = ?', sent.sweep)
  if (known !== undefined && known.spec !== sent.spec) throw new SweepError('SB-LEDGER-012', { sweep: sent.sweep })
  if (known !== undefined) return { isNew: false }
  const { plan } = sent
  h.run(
    `insert into sweep (id, name, state, weight, vtime, spec, gates, warnings, budget, isLimited, createdAt, keep)
     values (?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    sent.sweep,
    sent.name,
    sent.weight ?? 1,
    smallestVtime(h) - (sent.credit ?? NEW_SWEEP_CREDIT_SECONDS),
    sent.spec,
    JSON.stringify(plan.gates),
    JSON.stringify(plan.warnings),
    JSON.stringify(plan.budget),
    plan.isLimited ? 1 : 0,
    sent.createdAt,
    sent.keep ?? 'all',
  )
  h.events.push({ kind: 'sweep', sweep: sent.sweep, state: 'running' })
  for (const group of plan.groups) addGroup(h, group)
  const wants = sent.wants ?? plan.groups.map(({ key, configs, rank }) => ({ group: key, configs, rank }))
  const sets = new Map<readonly Config[], string>()
  const groups = wants.map((want) => addWant(h, sent.sweep, want, sets))
  for (const id of groupsWithPast(h, sent.sweep)) reopen(h, sent.sweep, id)
  for (const id of groups) if (h.has('select 1 from cell where grp = ?', id)) closeWants(h, id)
  finishIfDone(h, sent.sweep)
  return { isNew: true }
}

function addGroup(h: Handle, planned: PlannedGroup): void {
  const { model, task, rerank, derive } = planned
  const key = taskKey(task)
  const lane = (rerank?.load ?? model.load).key
  for (const load of rerank === undefined ? [model.load] : [model.load, rerank.load]) {
    h.run(
      'insert into load (key, json) values (?, ?) on conflict (key) do update set json = excluded.json',
      load.key,
      JSON.stringify(withSlotsOfOthers(h, load)),
    )
  }
  const from = rerank?.parent ?? derive?.sources[0]
  const parent = from && h.get<{ id: number; base: number | null }>('select id, base from grp where key = ?', from.group)
  if (from && !parent) throw new SweepError('SB-CORE-001', { message: 'a child group stands before its parent' })
  h.run(
    `insert or ignore into task (key, state, name, subset, split, mainScore, languages, ref) values (?, 'wanted', ?, ?, ?, ?, ?, ?)`,
    key,
    task.task,
    task.subset,
    task.split,
    task.mainScore,
    JSON.stringify(task.languages),
    JSON.stringify(task),
  )
  h.run(
    `insert or ignore into grp (key, lane, taskKey, model, revision, variant, recipeKey, recipe, querySide, documentSide, rank, parent,
     parentConfig, rerank, base, derived) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    planned.key,
    lane,
    key,
    model.load.model,
    model.load.revision,
    model.variant,
    model.recipeKey,
    JSON.stringify(model.recipe),
    JSON.stringify(planned.sides.query),
    JSON.stringify(planned.sides.document),
    planned.rank,
    rerank?.parent ? (parent?.id ?? null) : null,
    rerank?.parent ? configKey(rerank.parent.config) : null,
    rerank === undefined ? null : JSON.stringify(rerank),
    parent?.base ?? parent?.id ?? null,
    derive === undefined ? 0 : 1,
  )
  const own = derive && h.get<{ id: number }>('select id from grp where key = ?', planned.key)
  if (own) addSources(h, own.id, derive)
}

/** A load that another sweep is still being computed with may go on serving where that sweep means it to. */
function withSlotsOfOthers(h: Handle, load: Load): Load {
  const { slots, ...open } = load.open
  if (slots === undefined) return load
  const row = h.get<{ json: string }>('select json from load where key = ?', load.key)
  const held = row && (JSON.parse(row.json) as Load).open.slots
  if (row === undefined || JSON.stringify(held) === JSON.stringify(slots)) return load
  const isWanted = h.has(
    `select 1 from want w join sweep s on s.id = w.sweep where w.lane = ? and w.open = 1 and s.state in ('running', 'paused')`,
    load.key,
  )
  const all = isWanted ? uniteChoices(held, slots) : slots
  return { ...load, open: all === undefined ? open : { ...open, slots: all } }
}

/** Throws `SB-SERVE-005` where the group did not go in before. `sets`: ids of the config sets met so far. */
function addWant(h: Handle, sweep: string, want: GroupWant, sets: Map<readonly Config[], string>): number {
  const group = h.get<{ id: number; lane: string }>('select id, lane from grp where key = ?', want.group)
  if (group === undefined) throw new SweepError('SB-SERVE-005', { message: `group ${want.group} was not sent before its sweep` })
  const depth = Math.max(0, ...want.configs.map(({ rerank }) => rerank?.depth ?? 0))
  if (depth > 0) deepen(h, group.id, depth)
  const set = sets.get(want.configs) ?? addConfigSet(h, want.configs)
  sets.set(want.configs, set)
  h.run(
    `insert or ignore into want (sweep, grp, lane, rank, configs, open, ready)
     values (?, ?, ?, ?, ?, 1, (select ready from grp where id = ?))`,
    sweep,
    group.id,
    group.lane,
    want.rank,
    set,
    group.id,
  )
  return group.id
}

function addConfigSet(h: Handle, wanted: readonly Config[]): string {
  const configs = canonicalJson(wanted.map((config) => ({ key: configKey(config), config })))
  const set = sha256(configs)
  h.run('insert or ignore into config_set (id, json) values (?, ?)', set, configs)
  return set
}

/** Groups of a sweep that something failed on before, or that can be attached now: of a big new sweep, few. */
function groupsWithPast(h: Handle, sweep: string): number[] {
  return h
    .all<{ grp: number }>(
      `select w.grp from want w join grp g on g.id = w.grp join task t on t.key = g.taskKey where w.sweep = ? and (
         g.tries > 0 or t.state = 'failed' or (t.state = 'prepared' and g.attached = 0)
         or exists (select 1 from cell c where c.grp = g.id and c.state = 'failed')
         or exists (select 1 from grp_encoding ge join chunk c on c.encoding = ge.encoding where ge.grp = g.id and c.failed is not null))
       order by w.rank, w.grp`,
      sweep,
    )
    .map(({ grp }) => grp)
}

/** What submit and retry do to a group they name: failed cells become stale, failed chunks and preparations are tried again. */
export function reopen(h: Handle, sweep: string, id: number): void {
  const group = h.get<GroupRow>('select * from grp where id = ?', id)
  const task = group && h.get<TaskRow>('select * from task where key = ?', group.taskKey)
  const row = h.get<{ configs: string }>('select configs from want where sweep = ? and grp = ?', sweep, id)
  if (group === undefined || task === undefined || row === undefined) return
  if (task.state === 'prepared') attach(h, group, task, true)
  else if (nextState(PREPARATION, task.state, 'reopen') !== null) {
    h.run(`update task set state = 'wanted', failure = null where key = ?`, task.key)
    h.events.push({ kind: 'task', task: task.key, state: 'wanted' })
  }
  const stale = nextState(CELL, 'failed', 'reopen')
  for (const { key } of configsOf(h, row.configs)) {
    h.run(`update cell set state = ? where grp = ? and config = ? and state = 'failed'`, stale, id, key)
  }
  h.run('update grp set tries = 0 where id = ?', id)
  h.run('update want set runMs = 0 where sweep = ? and grp = ?', sweep, id)
  reopenChunks(h, id)
}
