import { type BoardCell, boardCells } from './board.ts'
import type { Handle } from './handle.ts'

/** A scored cell with what was scored query by query. */
export interface TaskCell extends BoardCell {
  /** Artifacts. */
  readonly perQuery: string
  readonly judgments: string
  /** Limited data. */
  readonly limit: number | null
}

/** Scored cells of a task that have per-query scores, of one sweep or of all, in the order of `boardCells`. */
export function taskCells(h: Handle, task: string, sweep: string | null): TaskCell[] {
  const found = h.all<{ grp: number; config: string; perQuery: string; judgments: string; limit: number | null }>(
    `select c.grp, c.config, c.perQuery, t.judgments, json_extract(t.ref, '$.limit') as "limit"
     from task t join grp g on g.taskKey = t.key join cell c on c.grp = g.id
     where t.name = ? and c.state = 'scored' and c.perQuery is not null and t.judgments is not null`,
    task,
  )
  const byCell = new Map(found.map(({ grp, config, ...rest }) => [`${grp} ${config}`, rest]))
  return boardCells(h, sweep).flatMap((cell) => {
    const rest = byCell.get(`${cell.group} ${cell.configKey}`)
    return cell.task !== task || rest === undefined ? [] : [{ ...cell, ...rest }]
  })
}

/** Judgments of the tasks outside the catalog that have scores by query: only those can have kinds of queries. In order of name. */
export function judgedTasks(h: Handle): { readonly task: string; readonly judgments: string }[] {
  return h.all<{ task: string; judgments: string }>(
    `select distinct t.name as task, t.judgments from task t where t.judgments is not null and json_extract(t.ref, '$.catalog') is null
     and exists (select 1 from grp g join cell c on c.grp = g.id where g.taskKey = t.key and c.state = 'scored' and c.perQuery is not null)
     order by 1`,
  )
}
