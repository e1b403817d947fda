import type { Config, PlannedGroup } from '@sweepboard/contracts'
import { QuietValues } from './quiet-value.ts'
import type { Simulation } from './simulation.ts'
import { Violation } from './violation.ts'

export interface CellRow {
  readonly grp: number
  /** Of its group. */
  readonly key: string
  readonly config: string
  readonly state: string | null
  readonly mainScore: number | null
  readonly failure: string | null
}

/** Children whose parent, or derived groups one of whose sources, is in a state: `link` is (grp, parent, config). */
const LINKS = `(select id as grp, parent, parentConfig as config from grp where parent is not null
  union all select grp, parent, config from source)`

/** Invariants of what stands over the first stages: child groups on pair sets, and derived groups. */
export class ChildOracle {
  readonly values: QuietValues
  readonly #sim: Simulation
  /** Family (parent group, reranker, recipe) and pair -> pair sets it was begun in. */
  readonly #begun = new Map<string, Set<string>>()
  /** Pairs scored twice that faults excuse. */
  #allowed = 0

  constructor(sim: Simulation) {
    this.#sim = sim
    this.values = new QuietValues(sim.world)
    // History that rows forget: written by the database itself, in the transaction that makes it.
    sim.db.exec(`create temp table was_failed (grp, config);
      create temp table was_paired (grp, encoding);
      create temp trigger failed_new after insert on cell when new.state = 'failed' begin
        insert into was_failed values (new.grp, new.config); end;
      create temp trigger failed_again after update of state on cell when new.state = 'failed' begin
        insert into was_failed values (new.grp, new.config); end;
      create temp trigger paired after insert on grp_encoding when new.side like 'pair%' begin
        insert into was_paired values (new.grp, new.encoding); end`)
  }

  #has(sql: string, ...values: (string | number)[]): boolean {
    return this.#sim.sql(sql, ...values).length > 0
  }

  /** A chunk of an encoding is begun. */
  begun(encoding: number, pairSet: string): void {
    const families = this.#sim.sql<{ family: string }>(
      `select distinct g.parent || ' ' || g.lane || ' ' || json_extract(g.rerank, '$.recipe') as family
       from grp_encoding ge join grp g on g.id = ge.grp where ge.encoding = ? and g.parent is not null`,
      encoding,
    )
    for (const { family } of families) {
      for (const pair of this.#sim.world.pairs.names(pairSet)) {
        const name = `${family} ${pair}`
        const sets = (this.#begun.get(name) ?? new Set()).add(pairSet)
        this.#begun.set(name, sets)
      }
    }
  }

  /** A pair set, or a chunk, was damaged from outside: every pair may have to be found and scored anew. */
  damaged(): void {
    this.#allowed += this.#begun.size + this.#sim.world.pairs.count
  }

  /** After every tick. */
  check(): void {
    this.#checkOrder()
    this.#checkFailures()
    const { store, damaged } = this.#sim
    for (const { textSet } of this.#sim.sql<{ textSet: string }>(
      `select distinct e.textSet from grp_encoding ge join encoding e on e.id = ge.encoding where ge.side like 'pair%'`,
    ))
      if (!store.has(textSet) && !damaged.has(textSet))
        throw new Violation('referenced-exists', `pair set ${textSet.slice(0, 8)}`)
    for (const { run } of this.#sim.sql<{ run: string }>('select distinct run from cell where run is not null'))
      if (!store.has(run)) throw new Violation('referenced-exists', `run ${run.slice(0, 8)}`)
  }

  /** Nothing is looked for or scored over a cell that is not scored. */
  #checkOrder(): void {
    const early = this.#sim.sql<{ grp: number; what: string }>(
      `select l.grp, coalesce(g.lease, 'cell') as what from ${LINKS} l join grp g on g.id = l.grp
       left join cell p on p.grp = l.parent and p.config = l.config
       where coalesce(p.state, '') <> 'scored' and (g.lease is not null or g.attached = 1
         or exists (select 1 from cell c where c.grp = l.grp and c.state = 'scored'))`,
    )
    for (const { grp, what } of early) throw new Violation('child-after-parent', `group ${grp} (${what}) before its parent`)
  }

  /** A cell that fails takes its children with it, in the same transaction. */
  #checkFailures(): void {
    const left = this.#sim.sql<{ sweep: string; grp: number }>(
      `select w.sweep, w.grp from want w join sweep s on s.id = w.sweep join ${LINKS} l on l.grp = w.grp
       join cell p on p.grp = l.parent and p.config = l.config
       where p.state = 'failed' and w.open = 1 and s.state <> 'cancelled'`,
    )
    for (const { sweep, grp } of left) throw new Violation('child-fails-with-parent', `${sweep}/${grp} waits for a failed cell`)
  }

  checkEnd(): void {
    let twice = 0
    for (const sets of this.#begun.values()) twice += sets.size - 1
    if (twice > this.#allowed) throw new Violation('pair-once', `${twice} pairs scored twice, ${this.#allowed} excused`)
  }

  /** A cell of a done sweep: exactly those fail whose source failed or whose pair sets hold a bad pair. */
  checkCell(row: CellRow, group: PlannedGroup, config: Config): void {
    const { world } = this.#sim
    const name = `${group.task.task}/${group.model.load.model} ${JSON.stringify(config)}`
    const hasFailedSource = this.#has(
      `select 1 from ${LINKS} l join was_failed f on f.grp = l.parent and f.config = l.config where l.grp = ?`,
      row.grp,
    )
    const bad = (pair: string) => world.pairs.isPoison(pair) || world.pairs.isKiller(pair)
    if (row.state === 'scored') {
      if (this.values.pairsOf(group, config).some(bad)) throw new Violation('poison-fails', name)
      if (row.mainScore !== this.values.of(group, config).mainScore) throw new Violation('right-value', name)
      return
    }
    const sets = this.#sim.sql<{ textSet: string }>(
      'select distinct e.textSet from was_paired p join encoding e on e.id = p.encoding where p.grp = ?',
      row.grp,
    )
    const hasBadPair = sets.some(({ textSet }) => world.pairs.names(textSet).some(bad))
    const isBad = world.tasks.find(({ ref }) => ref.task === group.task.task)?.isBad
    if (!hasFailedSource && !hasBadPair && !isBad)
      throw new Violation('child-fails-with-parent', `${name} failed of itself: ${row.failure}`)
  }
}
