import { sql } from 'drizzle-orm'
import { blob, index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/**
 * The ledger's tables (protocol section 13). Columns carry the names of their properties and hold what SQLite stores (flags are
 * 0 or 1, JSON is text), so that a row read by plain SQL has the type `Row<typeof table>` without any mapping.
 */

/** `id`: random, names the queue prefix of this ledger. */
export const meta = sqliteTable('meta', { key: text().primaryKey(), value: text().notNull() })

export const sweep = sqliteTable(
  'sweep',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    state: text({ enum: ['running', 'paused', 'cancelled', 'done'] }).notNull(),
    weight: real().notNull(),
    /** Slot-seconds spent, divided by weight: the sweep with the smallest goes next. */
    vtime: real().notNull(),
    /** The YAML as it was submitted. */
    spec: text().notNull(),
    gates: text().notNull(),
    warnings: text().notNull(),
    budget: text().notNull(),
    isLimited: integer().notNull(),
    /** Wall-clock text for people, never compared. */
    createdAt: text().notNull(),
    endedAt: text(),
    /** Milliseconds spent running, added up by the service's monotonic clock. */
    runMs: real().notNull().default(0),
    /** Which of its vectors stay once no open want needs them. */
    keep: text({ enum: ['queries', 'all', 'none'] })
      .notNull()
      .default('all'),
  },
  (t) => [index('sweep_state').on(t.state, t.vtime)],
)

/** How a lane's model is opened: `Load` of contracts. */
export const load = sqliteTable('load', { key: text().primaryKey(), json: text().notNull() })

/** One (task, subset, split) and its preparation. */
export const task = sqliteTable(
  'task',
  {
    key: text().primaryKey(),
    state: text({ enum: ['wanted', 'prepared', 'failed'] }).notNull(),
    name: text().notNull(),
    subset: text().notNull(),
    split: text().notNull(),
    mainScore: text().notNull(),
    languages: text().notNull(),
    ref: text().notNull(),
    queries: text(),
    documents: text(),
    judgments: text(),
    counts: text(),
    datasetRevision: text(),
    failure: text(),
  },
  (t) => [
    index('task_wanted').on(t.key).where(sql`state = 'wanted'`),
    index('task_judgments').on(t.judgments).where(sql`judgments is not null`),
    index('task_queries').on(t.queries).where(sql`queries is not null`),
    index('task_documents').on(t.documents).where(sql`documents is not null`),
  ],
)

export const grp = sqliteTable(
  'grp',
  {
    id: integer().primaryKey(),
    key: text().notNull(),
    /** Load key. */
    lane: text().notNull(),
    taskKey: text()
      .notNull()
      .references(() => task.key),
    model: text().notNull(),
    revision: text().notNull(),
    variant: text().notNull(),
    recipeKey: text().notNull(),
    recipe: text().notNull(),
    querySide: text().notNull(),
    documentSide: text().notNull(),
    rank: integer().notNull(),
    /** Child group: the group and cell whose ranked run is re-ordered; null on candidate lists. */
    parent: integer(),
    parentConfig: text(),
    /** Child group: `PlannedRerank` as JSON; null for a group of the first stage. */
    rerank: text(),
    /** Group of the first stage that a child or derived group goes back to; null for that group itself and on candidate lists. */
    base: integer(),
    /** 1 for a group made from stored runs: those of its rows in `source`. */
    derived: integer().notNull().default(0),
    attached: integer().notNull().default(0),
    ready: integer().notNull().default(0),
    lease: text(),
    /** Score failures that are worth another try. */
    tries: integer().notNull().default(0),
  },
  (t) => [
    uniqueIndex('grp_key').on(t.key),
    index('grp_task').on(t.taskKey),
    index('grp_model').on(t.model, t.revision),
    index('grp_parent').on(t.parent, t.parentConfig).where(sql`parent is not null`),
    index('grp_unpaired').on(t.id).where(sql`rerank is not null and attached = 0`),
    index('grp_lease').on(t.lease).where(sql`lease is not null`),
  ],
)

/** The cells whose ranked runs a derived group is made from, in order. */
export const source = sqliteTable(
  'source',
  {
    grp: integer()
      .notNull()
      .references(() => grp.id),
    place: integer().notNull(),
    /** Group and config of the cell. */
    parent: integer().notNull(),
    config: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.grp, t.place] }), index('source_parent').on(t.parent, t.config)],
)

/** `json`: `[{ key, config }]`. */
export const configSet = sqliteTable('config_set', { id: text().primaryKey(), json: text().notNull() })

export const want = sqliteTable(
  'want',
  {
    sweep: text()
      .notNull()
      .references(() => sweep.id),
    grp: integer()
      .notNull()
      .references(() => grp.id),
    lane: text().notNull(),
    rank: integer().notNull(),
    configs: text()
      .notNull()
      .references(() => configSet.id),
    open: integer().notNull(),
    /** Copy of the group's `ready`, so that what can be scored is found without looking at what has been. */
    ready: integer().notNull().default(0),
    /** Milliseconds in which its group was being worked on while its sweep ran; kept only for sweeps with a cell budget. */
    runMs: real().notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.sweep, t.grp] }),
    index('want_ready').on(t.sweep, t.rank, t.grp).where(sql`open = 1 and ready = 1`),
    index('want_open').on(t.sweep, t.lane, t.rank, t.grp).where(sql`open = 1`),
    index('want_grp').on(t.grp),
  ],
)

export const textSet = sqliteTable('text_set', {
  digest: text().primaryKey(),
  items: integer().notNull(),
  bytes: integer().notNull(),
  bounds: text().notNull(),
})

export const encoding = sqliteTable(
  'encoding',
  {
    id: integer().primaryKey(),
    textSet: text()
      .notNull()
      .references(() => textSet.digest),
    encodingKey: text().notNull(),
    lane: text().notNull(),
    side: text().notNull(),
    complete: integer().notNull(),
    /** Wall-clock text of the last commit or score; by it `gc` finds what was not used for long. */
    usedAt: text(),
  },
  (t) => [uniqueIndex('encoding_key').on(t.textSet, t.encodingKey), index('encoding_lane').on(t.lane).where(sql`complete = 0`)],
)

export const grpEncoding = sqliteTable(
  'grp_encoding',
  {
    grp: integer()
      .notNull()
      .references(() => grp.id),
    /** `query`, `document`, or, in a child group, `pair0`, `pair1`, … */
    side: text().notNull(),
    encoding: integer()
      .notNull()
      .references(() => encoding.id),
  },
  (t) => [primaryKey({ columns: [t.grp, t.side] }), index('ge_enc').on(t.encoding, t.grp)],
)

export const chunk = sqliteTable(
  'chunk',
  {
    encoding: integer()
      .notNull()
      .references(() => encoding.id),
    n: integer().notNull(),
    /** First text and the one after the last. */
    start: integer().notNull(),
    end: integer().notNull(),
    bytes: integer().notNull(),
    /** Estimate for scheduling: bytes / 4, at least 1. */
    tokens: integer().notNull(),
    digest: text(),
    lease: text(),
    tries: integer().notNull().default(0),
    /** `FailureRecord` as JSON. */
    failed: text(),
    evidence: text(),
  },
  (t) => [
    primaryKey({ columns: [t.encoding, t.n] }),
    index('chunk_todo').on(t.encoding, t.n).where(sql`digest is null and lease is null and failed is null`),
    index('chunk_missing').on(t.encoding).where(sql`digest is null`),
    index('chunk_lease').on(t.lease).where(sql`lease is not null`),
    index('chunk_leased').on(t.encoding, t.lease).where(sql`lease is not null`),
    index('chunk_digest').on(t.digest).where(sql`digest is not null`),
    index('chunk_failed').on(t.encoding).where(sql`failed is not null`),
  ],
)

/** One mark per chunk and lease whose host died computing it. */
export const crash = sqliteTable(
  'crash',
  { encoding: integer().notNull(), n: integer().notNull(), lease: text().notNull() },
  (t) => [primaryKey({ columns: [t.encoding, t.n, t.lease] })],
)

/** A cell is a row only once scored or failed. */
export const cell = sqliteTable(
  'cell',
  {
    grp: integer()
      .notNull()
      .references(() => grp.id),
    config: text().notNull(),
    configJson: text().notNull(),
    state: text({ enum: ['scored', 'failed', 'stale'] }).notNull(),
    mainScore: real(),
    metrics: text(),
    evidence: text(),
    run: text(),
    perQuery: text(),
    failure: text(),
    /** Wall-clock text for people. */
    scoredAt: text(),
  },
  (t) => [
    primaryKey({ columns: [t.grp, t.config] }),
    index('cell_run').on(t.run).where(sql`run is not null`),
    index('cell_per_query').on(t.perQuery).where(sql`perQuery is not null`),
    index('cell_scored').on(t.state, t.grp),
  ],
)

export const lease = sqliteTable(
  'lease',
  {
    id: text().primaryKey(),
    /** `pairs`: find the pairs that child groups wait for. `score`: a group of either stage. */
    kind: text({ enum: ['encode', 'score', 'pairs'] }).notNull(),
    /** Load key, or `lane-score`. */
    lane: text().notNull(),
    sweep: text().notNull(),
    grp: integer(),
    run: text(),
    host: text(),
    boot: integer(),
    claimSeq: integer(),
    slot: text(),
  },
  (t) => [index('lease_lane').on(t.lane), index('lease_host').on(t.host).where(sql`host is not null`)],
)

/** What a score lease was for, kept after it closes: results are accepted at any time (protocol rule 4). */
export const scoreLease = sqliteTable('score_lease', {
  id: text().primaryKey(),
  grp: integer()
    .notNull()
    .references(() => grp.id),
  /** JSON: `[{ key, config }]`, or the ids of the groups that a `pairs` lease serves. */
  configs: text().notNull(),
})

/** Files nothing refers to; `since` by the service's monotonic clock in ms. */
export const garbage = sqliteTable('garbage', { digest: text().primaryKey(), since: real().notNull() })

/** Imported result files of others, one row per (model, revision, task, subset, split, file). */
export const published = sqliteTable(
  'published',
  {
    id: integer().primaryKey(),
    model: text().notNull(),
    revision: text().notNull(),
    task: text().notNull(),
    subset: text().notNull(),
    split: text().notNull(),
    mainScore: real(),
    metrics: text().notNull(),
    languages: text().notNull(),
    mtebVersion: text(),
    /** Empty where the file does not say. */
    datasetRevision: text().notNull().default(''),
    evaluationTime: real(),
    /** Path of the file it came from. */
    origin: text().notNull(),
  },
  (t) => [
    uniqueIndex('published_key').on(t.model, t.revision, t.task, t.subset, t.split, t.datasetRevision),
    index('published_entry').on(t.task, t.split, t.subset, t.model, t.revision, t.mainScore),
  ],
)

/** One imported result file: what a board needs of it as a whole, and the file itself. */
export const publishedFile = sqliteTable(
  'published_file',
  {
    id: integer().primaryKey(),
    model: text().notNull(),
    revision: text().notNull(),
    task: text().notNull(),
    datasetRevision: text().notNull(),
    origin: text().notNull(),
    /** Flat mean of the main scores over its entries; null where one of them is undefined. */
    mean: real(),
    /** The file's text in the modern layout, deflated (raw); null where only its rows are known. */
    source: blob({ mode: 'buffer' }),
  },
  (t) => [
    uniqueIndex('published_file_key').on(t.model, t.revision, t.task, t.datasetRevision),
    index('published_file_task').on(t.task, t.id, t.model, t.revision, t.mean),
  ],
)

/** Comparisons of two engines of one model: insert-only, a history. */
export const consistency = sqliteTable(
  'consistency',
  {
    id: integer().primaryKey(),
    /** Wall-clock text for people. */
    at: text().notNull(),
    modelA: text().notNull(),
    modelB: text().notNull(),
    /** Load keys. */
    loadA: text().notNull(),
    loadB: text().notNull(),
    /** `ComparedEngine` as JSON. */
    a: text().notNull(),
    b: text().notNull(),
    kind: text({ enum: ['embeddings', 'scores'] }).notNull(),
    texts: text().notNull(),
    holds: integer().notNull(),
    /** Mean cosine, or the composite of rerankers. */
    agreement: real(),
    verdict: text().notNull(),
    numbers: text().notNull(),
    code: text().notNull(),
  },
  (t) => [index('consistency_a').on(t.modelA), index('consistency_b').on(t.modelB)],
)

/** A row as plain SQL returns it. */
export type Row<T extends { $inferSelect: unknown }> = T['$inferSelect']
