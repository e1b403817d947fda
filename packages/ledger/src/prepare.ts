import {
  type FailureRecord,
  type PreparedTask,
  SweepError,
  type TaskRef,
  type TextSetRef,
  toFailureRecord,
} from '@sweepboard/contracts'
import { attach, failGroup, type GroupRow, type TaskRow } from './groups.ts'
import type { Handle } from './handle.ts'
import { nextState, PREPARATION } from './states.ts'

/** Tasks that a running sweep waits for: to be prepared, or prepared again because a text set was damaged. */
export function unpreparedTasks(h: Handle): { key: string; ref: TaskRef }[] {
  const rows = h.all<{ key: string; ref: string }>(
    `select t.key, t.ref from task t where t.state = 'wanted' and exists (select 1 from grp g join want w on w.grp = g.id
     join sweep s on s.id = w.sweep where g.taskKey = t.key and w.open = 1 and s.state = 'running') order by t.rowid`,
  )
  return rows.map(({ key, ref }) => ({ key, ref: JSON.parse(ref) as TaskRef }))
}

/** wanted, failed -> prepared; its groups are attached. A repeat is a no-op. */
export function prepared(h: Handle, done: PreparedTask): void {
  const task = h.get<TaskRow>('select * from task where key = ?', done.key)
  if (task === undefined || nextState(PREPARATION, task.state, 'prepare') === null) return
  if (hasChanged(task, done)) {
    h.run(`update task set state = 'wanted' where key = ?`, done.key)
    preparationFailed(h, done.key, toFailureRecord(new SweepError('SB-LEDGER-006', { task: task.name })))
    return
  }
  addTextSet(h, done.queries)
  addTextSet(h, done.documents)
  h.run(
    `update task set state = 'prepared', failure = null, queries = ?, documents = ?, judgments = ?, counts = ?, datasetRevision = ? where key = ?`,
    done.queries.digest,
    done.documents.digest,
    done.judgments,
    JSON.stringify(done.counts),
    done.datasetRevision,
    done.key,
  )
  h.events.push({ kind: 'task', task: done.key, state: 'prepared' })
  h.cursors.clear()
  const after = h.get<TaskRow>('select * from task where key = ?', done.key)
  if (after === undefined) return
  for (const group of h.all<GroupRow>('select * from grp where taskKey = ? and attached = 0', done.key))
    attach(h, group, after, false)
}

/** Groups are attached to what was prepared first: other data under the same reference would mix two datasets in one cell. */
function hasChanged(task: TaskRow, done: PreparedTask): boolean {
  if (task.queries === null) return false
  return task.queries !== done.queries.digest || task.documents !== done.documents.digest || task.judgments !== done.judgments
}

/** Whether a task of this key was prepared before, from data that read differently. */
export function isChanged(h: Handle, done: PreparedTask): boolean {
  const task = h.get<TaskRow>('select * from task where key = ?', done.key)
  return task !== undefined && hasChanged(task, done)
}

/** wanted -> failed, for good until a retry: every open want on it fails. */
export function preparationFailed(h: Handle, key: string, failure: FailureRecord): void {
  const task = h.get<TaskRow>('select * from task where key = ?', key)
  if (task === undefined || nextState(PREPARATION, task.state, 'fail') === null) return
  const json = JSON.stringify(failure)
  h.run(`update task set state = 'failed', failure = ? where key = ?`, json, key)
  h.events.push({ kind: 'task', task: key, state: 'failed' })
  for (const { id } of h.all<{ id: number }>('select id from grp where taskKey = ?', key)) failGroup(h, id, json)
}

/** prepared -> wanted, where one of a task's own artifacts turns out to be gone; answers whether it was. */
export function damageTasks(
  h: Handle,
  where: 'taskKey' | 'textSet',
  value: string,
  isWhole: (digest: string) => boolean,
): boolean {
  const tasks =
    where === 'taskKey'
      ? h.all<TaskRow>('select * from task where key = ?', value)
      : h.all<TaskRow>('select * from task where queries = ? union select * from task where documents = ?', value, value)
  let isDamaged = false
  for (const task of tasks) {
    if (task.state === 'wanted') isDamaged = true
    const own = [task.queries, task.documents, task.judgments].filter((digest) => digest !== null)
    if (nextState(PREPARATION, task.state, 'damage') === null || own.every(isWhole)) continue
    h.run(`update task set state = 'wanted' where key = ?`, task.key)
    h.events.push({ kind: 'task', task: task.key, state: 'wanted' })
    isDamaged = true
  }
  return isDamaged
}

export function addTextSet(h: Handle, set: TextSetRef): void {
  const bounds = set.bounds.map(([start, end], n) => [start, end, set.chunkBytes[n] ?? 0])
  h.run(
    'insert or ignore into text_set (digest, items, bytes, bounds) values (?, ?, ?, ?)',
    set.digest,
    set.count,
    set.bytes,
    JSON.stringify(bounds),
  )
}
