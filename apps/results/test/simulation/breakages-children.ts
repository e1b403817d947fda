import type { SqliteDatabase } from '@sweepboard/ledger'
import type { Breakage } from './breakage.ts'
import { instead, run } from './breakages.ts'

const UNPAIRED = `select g.id from grp g join want w on w.grp = g.id join task t on t.key = g.taskKey
  where g.rerank is not null and g.attached = 0 and g.lease is null and w.sweep = ? and w.open = 1 and t.state = 'prepared'`
const HAS_RUN = `exists (select 1 from cell c where c.grp = g.parent and c.config = g.parentConfig and c.state = 'scored')`

const groups = (db: SqliteDatabase, sql: string, sweep: string) =>
  (db.prepare(`${sql} order by w.rank, w.grp`).all(sweep) as { id: number }[]).map(({ id }) => id)

/** Changes what a `pairs` lease is said to be about, once it is claimed: what the worker was told stays. */
function onceClaimed(change: string): NonNullable<Breakage['ledger']> {
  return (ledger, db) =>
    instead(ledger, 'claim', (original) => (asked) => {
      const answer = original(asked)
      if (answer.state === 'granted' && answer.work.kind === 'pairs')
        run(db, `update score_lease set configs = ${change} where id = ?`, asked.lease)
      return answer
    })
}

const FAMILY_SETS = `select json_group_array(distinct e.textSet) from grp g
  join grp s on s.parent = g.parent and s.lane = g.lane and json_extract(s.rerank, '$.recipe') = json_extract(g.rerank, '$.recipe')
  join grp_encoding ge on ge.grp = s.id and ge.side like 'pair%' join encoding e on e.id = ge.encoding where g.id = score_lease.grp`

/** Pairs are taken though the family has got others since they were looked for. */
const takenAnyway: NonNullable<Breakage['ledger']> = (ledger, db) =>
  instead(ledger, 'end', (original) => (sent, isWhole) => {
    if (sent.pairSet !== undefined)
      run(db, `update score_lease set configs = json_set(configs, '$.known', json((${FAMILY_SETS}))) where id = ?`, sent.lease)
    original(sent, isWhole)
  })

/** Ways to build child groups and derived groups wrong, each as small as possible; every one must be found. */
const PLANTED: Readonly<Record<string, Breakage>> = {
  'pairs looked for before the parent is scored': {
    ledger: (ledger, db) => instead(ledger, 'unpairedGroups', () => (sweep) => groups(db, UNPAIRED, sweep)),
  },
  'derived group ready before its sources': {
    database: (db) =>
      db.exec(
        'create trigger early_source after insert on source begin update grp set attached = 1, ready = 1 where id = new.grp; end',
      ),
  },
  'siblings find their pairs apart': {
    ledger: (ledger, db, chance) => {
      takenAnyway(ledger, db, chance)
      instead(ledger, 'unpairedGroups', () => (sweep) => groups(db, `${UNPAIRED} and ${HAS_RUN}`, sweep))
      instead(ledger, 'leasePairs', (original) => (want) => {
        const id = original(want)
        run(db, 'update grp set lease = null where lease = ? and id <> ?', id, want.group)
        run(
          db,
          `update score_lease set configs = json_set(configs, '$.groups', json_array(json_extract(configs, '$.groups[0]'))) where id = ?`,
          id,
        )
        return id
      })
    },
  },
  'pairs of a sibling not left out': {
    ledger: (ledger) =>
      instead(ledger, 'claim', (original) => (asked) => {
        const answer = original(asked)
        return answer.state === 'granted' && answer.work.kind === 'pairs'
          ? { ...answer, work: { ...answer.work, known: [] } }
          : answer
      }),
  },
  'attached without the pair sets of siblings': {
    ledger: (ledger, db) =>
      instead(ledger, 'end', (original) => (sent, isWhole) => {
        original(sent, isWhole)
        if (sent.pairSet === undefined) return
        const served = `select json_extract(j.value, '$.id') from score_lease s join json_each(s.configs, '$.groups') j where s.id = ?`
        run(
          db,
          `delete from grp_encoding where grp in (${served}) and side like 'pair%'
           and encoding not in (select id from encoding where textSet = ?)`,
          sent.lease,
          sent.pairSet.digest,
        )
      }),
  },
  'failure not passed to children': {
    database: (db) =>
      db.exec(`create trigger spared before insert on cell when new.state = 'failed' and exists (
        select 1 from grp g join cell p on p.grp = g.parent and p.config = g.parentConfig where g.id = new.grp and p.state = 'failed')
        begin select raise(ignore); end`),
  },
  'failure not passed to derived groups': {
    database: (db) =>
      db.exec(`create trigger spared before insert on cell when new.state = 'failed' and exists (
        select 1 from source s join cell p on p.grp = s.parent and p.config = s.config where s.grp = new.grp and p.state = 'failed')
        begin select raise(ignore); end`),
  },
  'damaged pair set not detached': {
    pairDamage: 0.1,
    firstSeed: 20,
    ledger: (ledger, db) =>
      instead(ledger, 'end', (original) => (sent, isWhole) => {
        const isPairSet = db.prepare(
          `select 1 from grp_encoding ge join encoding e on e.id = ge.encoding where ge.side like 'pair%' and e.textSet = ?`,
        )
        original(sent, (digest) => isPairSet.get(digest) !== undefined || isWhole(digest))
      }),
  },
  'deepen forgets scored cells': {
    firstSeed: 30,
    database: (db) =>
      db.exec('create trigger forgets after update of rerank on grp begin delete from cell where grp = new.id; end'),
  },
  'deepened child keeps its pairs': {
    database: (db) =>
      db.exec(
        'create trigger keeps after update of rerank on grp begin update grp set attached = old.attached where id = new.id; end',
      ),
  },
  'pairs of a smaller depth taken': {
    pairTicks: 25,
    ledger: onceClaimed(`(select json_set(configs, '$.groups', json_group_array(json_set(j.value, '$.depth', 99)))
      from json_each(configs, '$.groups') j)`),
  },
}

/** All with second stages in every seed. */
export const CHILD_BREAKAGES: Readonly<Record<string, Breakage>> = Object.fromEntries(
  Object.entries(PLANTED).map(([name, breakage]) => [name, { stageRate: 1, ...breakage }]),
)
