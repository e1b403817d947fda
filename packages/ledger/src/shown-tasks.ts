import type { Handle } from './handle.ts'

interface DataOfTask {
  readonly key: string
  readonly name: string
  readonly subset: string
  readonly split: string
  /** Digests of what was scored: equal data read from two places is one data set. */
  readonly data: string
  readonly isLimited: 0 | 1
  /** Place of the newest sweep that names it. */
  readonly newest: number
}

/**
 * Keys of the tasks whose scores stand on the board of all sweeps. A name may stand for several data sets: a folder that was edited, a
 * local copy beside the hub's, a sweep with `limit`. Scores of two of them do not compare and have no mean, so each (task, subset,
 * split) shows one: whole data before limited, then what the newest sweep took. `names` asks for those of these tasks alone.
 */
export function shownTasks(h: Handle, names: ReadonlySet<string> | null = null): ReadonlySet<string> {
  const known = h.all<DataOfTask>(
    `select t.key, t.name, t.subset, t.split, concat_ws(' ', t.queries, t.documents, t.judgments) as data,
       json_extract(t.ref, '$.limit') is not null as isLimited,
       coalesce((select max(s.rowid) from grp g join want w on w.grp = g.id join sweep s on s.id = w.sweep where g.taskKey = t.key), 0) as newest
     from task t where (? is null or t.name in (select value from json_each(?)))
       and exists (select 1 from grp g join cell c on c.grp = g.id where g.taskKey = t.key and c.state = 'scored')`,
    ...(names === null ? [null, null] : [1, JSON.stringify([...names])]),
  )
  const best = new Map<string, DataOfTask>()
  for (const one of known) {
    const held = best.get(placeOf(one))
    const isBetter = !held || one.isLimited < held.isLimited || (one.isLimited === held.isLimited && one.newest > held.newest)
    if (isBetter) best.set(placeOf(one), one)
  }
  return new Set(known.filter((one) => one.data === best.get(placeOf(one))?.data).map(({ key }) => key))
}

function placeOf({ name, subset, split }: DataOfTask): string {
  return JSON.stringify([name, subset, split])
}
