/** Rows of one query on a ledger. */
export type Ask = <R>(sql: string) => R[]

/** Invariant `flags-agree` of protocol section 12 on the rows of any ledger: what is wrong, in words; empty where all flags say what the rows say. */
export function disagreeingFlags(ask: Ask): string[] {
  return FLAGS.flatMap(({ what, sql }) => {
    const wrong = ask<{ id: number | string }>(sql).map(({ id }) => id)
    return wrong.length > 0 ? [`${what} ${wrong}`] : []
  })
}

/** Invariant `nothing-lost`: cells without a row that a sweep which is done has named, as `sweep/group`. */
export function lostCells(ask: Ask): string[] {
  return ask<{ id: string }>(
    `select s.id || '/' || w.grp as id from sweep s join want w on w.sweep = s.id join config_set cs on cs.id = w.configs join json_each(cs.json) j
     left join cell c on c.grp = w.grp and c.config = json_extract(j.value, '$.key') where s.state = 'done' and c.state is null`,
  ).map(({ id }) => id)
}

const settled = `(select count(*) from config_set s join json_each(s.json) j left join cell c on c.grp = w.grp
  and c.config = json_extract(j.value, '$.key') where s.id = w.configs and coalesce(c.state, '') not in ('scored', 'failed'))`

const FLAGS: readonly { readonly what: string; readonly sql: string }[] = [
  {
    what: 'complete of encoding',
    sql: `select id from encoding e where complete = exists (select 1 from chunk c where c.encoding = e.id and c.digest is null)`,
  },
  {
    what: 'ready of group',
    sql: `select id from grp g where ready <> (attached = 1 and not exists (select 1 from grp_encoding ge join chunk c on c.encoding = ge.encoding
      where ge.grp = g.id and c.digest is null))`,
  },
  {
    what: 'ready of the wants of',
    sql: 'select w.grp as id from want w join grp g on g.id = w.grp where w.ready <> g.ready',
  },
  {
    what: 'open though settled:',
    sql: `select w.sweep || '/' || w.grp as id from want w join sweep s on s.id = w.sweep where w.open = 1 and ${settled} = 0 and s.state <> 'cancelled'`,
  },
  {
    what: 'state of sweep',
    sql: `select id from sweep s where (state = 'done') and exists (select 1 from want w where w.sweep = s.id and open = 1)
      or state in ('running', 'paused') and not exists (select 1 from want w where w.sweep = s.id and open = 1)`,
  },
]
