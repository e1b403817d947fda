import { type Config, configKey, type End, type PlannedGroup } from '@sweepboard/contracts'
import { disagreeingFlags, lostCells } from './ledger-rules.ts'
import { type CellRow, ChildOracle } from './oracle-children.ts'
import { ForgetOracle } from './oracle-forget.ts'
import type { SimHost } from './sim-host.ts'
import type { Item } from './sim-types.ts'
import type { Simulation } from './simulation.ts'
import { Violation } from './violation.ts'

interface ChunkRow {
  encoding: number
  n: number
  digest: string | null
  lease: string | null
  failed: string | null
}

/** The invariants of protocol section 12, recomputed from the ledger's rows and from what the simulated hosts really did. */
export class Oracle {
  /** Encodings beyond the first that faults excuse. */
  allowed = 0
  expiredCount = 0
  readonly begunCount = new Map<string, number>()
  readonly closedAt = new Map<string, number>()
  readonly children: ChildOracle
  readonly forgetting: ForgetOracle
  readonly #sim: Simulation
  readonly #begunBy = new Map<string, Set<string>>()
  readonly #stopped = new Set<string>()
  readonly #runs = new Map<string, string>()
  readonly #digests = new Map<string, string>()
  readonly #scores = new Map<string, number>()
  readonly #labels = new Map<number, (n: number) => string>()
  #lastStamp = ''
  #leased = new Map<string, Set<string>>()
  readonly #mostChunks = new Map<string, number>()

  constructor(sim: Simulation) {
    this.#sim = sim
    this.children = new ChildOracle(sim)
    this.forgetting = new ForgetOracle(sim)
  }

  #all<R>(sql: string, ...values: (string | number)[]): R[] {
    return this.#sim.sql<R>(sql, ...values)
  }

  allow(count: number): void {
    this.allowed += count
  }

  begun(lease: string, { encoding, label, pairSet }: Item): void {
    const { mode, now } = this.#sim
    if (pairSet !== null) this.children.begun(encoding, pairSet)
    this.begunCount.set(label, (this.begunCount.get(label) ?? 0) + 1)
    if (this.#stopped.has(lease)) throw new Violation('stop-reaches', `${lease} begins ${label} after it was stopped`)
    const begun = this.#begunBy.get(lease) ?? new Set()
    this.#begunBy.set(lease, begun.add(label))
    const closed = this.closedAt.get(lease)
    if (closed === undefined) return
    this.allow(1)
    if (mode === 'control' && now - closed > 3 + 2 * this.#sim.net.delay + 3)
      throw new Violation('stop-reaches', `${lease} begins ${label} ${now - closed} ticks after its end`)
  }

  /** A beat's answer must stop every lease the beat names and the ledger does not have. */
  answered(holding: readonly string[], stop: readonly string[]): void {
    for (const lease of holding) {
      if (this.#sim.leaseRow(lease) === undefined && !stop.includes(lease))
        throw new Violation('stop-reaches', `${lease} is not stopped`)
    }
  }

  /** A host has read that it must stop a lease it was running. */
  stopped(lease: string): void {
    this.#stopped.add(lease)
  }

  granted(lease: string, run: string): void {
    const earlier = this.#runs.get(lease)
    if (earlier !== undefined && earlier !== run) throw new Violation('claimed-once', `${lease} by ${earlier} and ${run}`)
    this.#runs.set(lease, run)
  }

  /** A ticket was completed while these chunks were neither in the outbox nor reported. */
  completed(lease: string, items: readonly { encoding: number; n: number; label: string }[]): void {
    if (this.#sim.leaseRow(lease) === undefined) return
    for (const { encoding, n, label } of items) {
      const row = this.#all<ChunkRow>('select digest, lease from chunk where encoding = ? and n = ?', encoding, n)[0]
      if (row?.digest === null && row.lease === lease)
        throw new Violation('outbox-before-ack', `${lease} completed with ${label} nowhere`)
    }
  }

  /** A chunk's vectors went because nobody needed them: whoever needs them next has them encoded once more. */
  forgot(name: string): void {
    this.#digests.delete(name)
    this.allow(1)
  }

  /** Before the ledger expires a lease; `inBeat`: because a beat did not name it. */
  expiring(lease: string, inBeat: boolean): void {
    const row = this.#sim.leaseRow(lease)
    if (row === undefined) return
    if (row.run === null) return
    this.expiredCount += 1
    const host = this.#sim.hosts.find(({ id }) => id === row.host)
    if (host === undefined || !host.isUp || host.boot !== row.boot) return
    const isHeld =
      host.slots.some(({ jobs }) => jobs.some((job) => job.lease === lease && job.run === row.run)) ||
      host.disk.outbox.some((entry) => entry.lease === lease)
    if (!isHeld) return
    if (inBeat) throw new Violation('no-false-expiry', `${lease} was held by ${host.id} when a beat closed it`)
    if (this.#sim.now - host.disturbed > 80) throw new Violation('no-false-expiry', `${lease} of undisturbed ${host.id}`)
  }

  /** Before a host's `end` is taken: it must not give back chunks that lie in the host's own outbox. */
  ending(host: SimHost, { lease }: End): void {
    if (this.#sim.leaseRow(lease)?.host !== host.id || this.#sim.now - host.wasFull < 60) return
    for (const { commit } of host.disk.outbox) {
      if (commit?.lease !== lease) continue
      const [row] = this.#all<ChunkRow>('select lease from chunk where encoding = ? and n = ?', commit.encoding, commit.n)
      if (row?.lease === lease)
        throw new Violation(
          'bounded-waste',
          `the end of ${lease} gives back ${commit.encoding}#${commit.n}, which is in the outbox`,
        )
    }
  }

  /** After every tick. */
  check(): void {
    const [change] = this.#all<{ count: number }>('select total_changes() as count')
    const stamp = `${change?.count} ${this.#sim.store.size}`
    if (stamp === this.#lastStamp) return
    this.#lastStamp = stamp
    const chunks = this.#all<ChunkRow>('select encoding, n, digest, lease, failed from chunk')
    this.#checkChunks(chunks)
    this.#checkLeases(chunks)
    this.#checkFlags()
    this.#checkCells()
    this.children.check()
  }

  #label(encoding: number, n: number): string {
    let label = this.#labels.get(encoding)
    if (label === undefined) {
      const [row] = this.#all<{ lane: string; textSet: string; side: string }>(
        'select lane, textSet, side from encoding where id = ?',
        encoding,
      )
      if (row === undefined) throw new Error(`no encoding ${encoding}`)
      label = (at) => this.#sim.world.label(row.lane, row.textSet, JSON.parse(row.side), at)
      this.#labels.set(encoding, label)
    }
    return label(n)
  }

  #checkChunks(chunks: readonly ChunkRow[]): void {
    const { store, damaged } = this.#sim
    for (const { encoding, n, digest, lease, failed } of chunks) {
      const name = `${encoding}#${n}`
      if (lease !== null && (digest !== null || failed !== null))
        throw new Violation('flags-agree', `${name} is leased though done or failed`)
      const before = this.#digests.get(name)
      if (before !== undefined && before !== digest) {
        if (!damaged.has(before))
          throw new Violation('insert-only', `${name} was ${before.slice(0, 8)}, is ${digest?.slice(0, 8)}`)
        this.allow(1)
      }
      if (digest === null) this.#digests.delete(name)
      else {
        this.#digests.set(name, digest)
        if (!store.has(digest) && !damaged.has(digest)) throw new Violation('referenced-exists', `${name} ${digest.slice(0, 8)}`)
      }
    }
  }

  #checkLeases(chunks: readonly ChunkRow[]): void {
    const leases = this.#all<{ id: string; kind: string }>('select id, kind from lease')
    const open = new Map<string, Set<string>>(leases.map(({ id }) => [id, new Set()]))
    const byLease = new Map<string, ChunkRow[]>()
    for (const chunk of chunks) {
      if (chunk.lease === null) continue
      const mine = open.get(chunk.lease)
      if (mine === undefined) throw new Violation('flags-agree', `${chunk.encoding}#${chunk.n} points at a closed lease`)
      mine.add(this.#label(chunk.encoding, chunk.n))
      byLease.set(chunk.lease, [...(byLease.get(chunk.lease) ?? []), chunk])
    }
    const done = new Set(chunks.filter(({ digest }) => digest !== null).map(({ encoding, n }) => this.#label(encoding, n)))
    for (const [lease, labels] of this.#leased) {
      if (open.has(lease)) continue
      this.closedAt.set(lease, this.#sim.now)
      for (const label of labels) if (!done.has(label) && this.#begunBy.get(lease)?.has(label)) this.allow(1)
    }
    const leased = new Map<string, number[]>()
    for (const { id, lease } of this.#all<{ id: number; lease: string }>('select id, lease from grp where lease is not null')) {
      if (!open.has(lease)) throw new Violation('flags-agree', `group ${id} points at a closed lease`)
      leased.set(lease, [...(leased.get(lease) ?? []), id])
    }
    for (const { id, kind } of leases) {
      const mine = byLease.get(id) ?? []
      this.#mostChunks.set(id, Math.max(mine.length, this.#mostChunks.get(id) ?? 0))
      if (kind === 'encode' && mine.length === 0) throw new Violation('flags-agree', `${id} has no chunk left`)
      const isWhole = kind !== 'encode' || mine.length === this.#mostChunks.get(id)
      const groups = kind === 'encode' ? mine.flatMap(({ encoding }) => this.#groupsOf(encoding)) : leased.get(id)
      if (isWhole && !groups?.some((one) => this.#isWanted(one))) throw new Violation('no-unwanted-lease', `${id} (${kind})`)
    }
    this.#leased = open
  }

  #groupsOf(encoding: number): number[] {
    return this.#all<{ grp: number }>('select grp from grp_encoding where encoding = ?', encoding).map(({ grp }) => grp)
  }

  #isWanted(group: number): boolean {
    // With the sign SQLite compiles it only once (`compiledOnce` of the ledger).
    const sql = `select 1 from want w join sweep s on s.id = w.sweep where w.grp = +? and w.open = 1 and s.state = 'running'`
    return this.#all(sql, group).length > 0
  }

  #checkFlags(): void {
    const [wrong] = disagreeingFlags((sql) => this.#all(sql))
    if (wrong !== undefined) throw new Violation('flags-agree', wrong)
  }

  #checkCells(): void {
    for (const { grp, config, mainScore } of this.#all<{ grp: number; config: string; mainScore: number }>(
      `select grp, config, mainScore from cell where state = 'scored'`,
    )) {
      const name = `${grp}/${config}`
      const before = this.#scores.get(name)
      if (before !== undefined && before !== mainScore) throw new Violation('insert-only', `cell ${name}`)
      this.#scores.set(name, mainScore)
    }
    const scored = this.#all<{ n: number }>(`select count(*) as n from cell where state = 'scored'`)[0]?.n
    if (scored !== this.#scores.size) throw new Violation('insert-only', 'a scored cell is gone')
    const lost = lostCells((sql) => this.#all(sql))
    if (lost.length > 0) throw new Violation('nothing-lost', `done without ${lost}`)
  }

  /** At the end: every cell of a done sweep is what a quiet run gives. */
  checkEnd(): void {
    const { world, ledger } = this.#sim
    for (const { id, plan } of world.plans) {
      if (ledger.sweepStatus(id).state !== 'done') continue
      const rows = this.#all<CellRow>(
        `select g.id as grp, g.key, json_extract(j.value, '$.key') as config, c.state, c.mainScore, c.failure
         from want w join grp g on g.id = w.grp join config_set s on s.id = w.configs join json_each(s.json) j
         left join cell c on c.grp = g.id and c.config = json_extract(j.value, '$.key') where w.sweep = ?`,
        id,
      )
      const cells = new Map(rows.map((row) => [`${row.key} ${row.config}`, row]))
      for (const group of plan.groups) {
        for (const config of group.configs) {
          const row = cells.get(`${group.key} ${configKey(config)}`)
          if (row === undefined || !['scored', 'failed', 'stale'].includes(row.state ?? ''))
            throw new Violation('nothing-lost', `${id}/${group.task.task}/${group.model.load.model}`)
          if (group.rerank || group.derive) this.children.checkCell(row, group, config)
          else this.#checkFirst(row, group, config)
        }
      }
    }
    this.children.checkEnd()
    let extra = 0
    for (const [label, count] of this.begunCount) if (!world.isHarmful(label)) extra += count - 1
    if (extra > this.allowed) throw new Violation('bounded-waste', `${extra} encodings too many, ${this.allowed} excused`)
    if (this.#sim.mode === 'clean' && this.expiredCount > 0)
      throw new Violation('no-false-expiry', 'a lease expired in a quiet run')
  }

  #checkFirst(row: CellRow, group: PlannedGroup, config: Config): void {
    const { world } = this.#sim
    const task = world.tasks.find(({ ref }) => ref.task === group.task.task)
    const mustFail = task?.isBad || world.labelsOf(group).some((label) => world.isHarmful(label))
    const name = `${group.task.task}/${group.model.load.model} is ${row.state} ${row.failure ?? ''}`
    const isFailed = row.state !== 'scored'
    if (isFailed !== mustFail) throw new Violation(mustFail ? 'poison-fails' : 'poison-alone', name)
    if (!isFailed && row.mainScore !== this.children.values.of(group, config).mainScore) throw new Violation('right-value', name)
  }
}
