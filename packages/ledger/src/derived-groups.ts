import { configKey, type DeriveWork, type PlannedDerive, SweepError } from '@sweepboard/contracts'
import type { GroupRow, KeyedConfig, TaskRow } from './groups.ts'
import type { Handle } from './handle.ts'

/**
 * Derived groups: their cells are made from the ranked runs of other cells. No lease attaches them: they are ready as soon as all their
 * sources are scored, in the transaction that scores the last one, and they fail with any of them.
 */

/** Puts the sources of a new group in; throws `SB-CORE-001` where one of them is not there before. */
export function addSources(h: Handle, group: number, { sources }: PlannedDerive): void {
  sources.forEach(({ group: key, config }, place) => {
    const parent = h.get<{ id: number }>('select id from grp where key = ?', key)
    if (parent === undefined) throw new SweepError('SB-CORE-001', { message: 'a derived group stands before its source' })
    h.run(
      'insert or ignore into source (grp, place, parent, config) values (?, ?, ?, ?)',
      group,
      place,
      parent.id,
      configKey(config),
    )
  })
}

/** Groups made from this cell. */
export function derivedFrom(h: Handle, group: number, config: string): number[] {
  return h
    .all<{ grp: number }>('select distinct grp from source where parent = ? and config = ?', group, config)
    .map(({ grp }) => grp)
}

/** waiting -> ready for a derived group whose sources are all scored: it has no encodings to wait for. */
export function attachDerived(h: Handle, id: number): void {
  if (runsOf(h, id) === null) return
  h.run('update grp set attached = 1, ready = 1 where id = ?', id)
  h.run('update want set ready = 1 where grp = ?', id)
}

/** What scoring a derived group needs; null where a source is not scored, which its being ready rules out. */
export function deriveWork(h: Handle, lease: string, group: GroupRow, task: TaskRow): DeriveWork | null {
  const wanted = h.get<{ configs: string }>('select configs from score_lease where id = ?', lease)
  const runs = runsOf(h, group.id)
  if (wanted === undefined || task.judgments === null || runs === null) return null
  return {
    kind: 'derive',
    lease,
    group: group.id,
    task: task.name,
    mainScore: task.mainScore,
    judgments: task.judgments,
    runs,
    configs: JSON.parse(wanted.configs) as KeyedConfig[],
  }
}

/** The runs of all sources, in order; null while one is not scored. */
function runsOf(h: Handle, id: number): string[] | null {
  const rows = h.all<{ run: string | null }>(
    `select (select c.run from cell c where c.grp = s.parent and c.config = s.config and c.state = 'scored') as run
     from source s where s.grp = ? order by s.place`,
    id,
  )
  const runs = rows.flatMap(({ run }) => (run === null ? [] : [run]))
  return runs.length === rows.length && runs.length > 0 ? runs : null
}
