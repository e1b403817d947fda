import type { MetricValues } from '@sweepboard/contracts'
import type { Handle } from './handle.ts'
import type { published, Row } from './schema.ts'

/** One row of an imported result file. */
export interface PublishedRow {
  readonly model: string
  readonly revision: string
  readonly task: string
  readonly subset: string
  readonly split: string
  readonly mainScore: number | null
  readonly metrics: MetricValues
  readonly languages: readonly string[]
  readonly mtebVersion: string | null
  /** Empty where the file does not say. */
  readonly datasetRevision: string
  readonly evaluationTime: number | null
  /** Path of the file. */
  readonly origin: string
  /** The whole file in the modern layout, raw deflate in base64: carried by its first row, which the others follow. */
  readonly source?: string | undefined
}

export interface PublishedFilter {
  readonly model?: string | undefined
  readonly tasks?: readonly string[] | undefined
  readonly split?: string | undefined
  readonly subset?: string | undefined
}

type FileName = Pick<PublishedRow, 'model' | 'revision' | 'task' | 'datasetRevision'>

/**
 * Adds rows; the same (model, revision, task, subset, split, dataset revision) again replaces the earlier one, and a row that
 * carries its file replaces all rows of it.
 */
export function importPublished(h: Handle, rows: Iterable<PublishedRow>): { count: number } {
  let count = 0
  const touched = new Map<string, PublishedRow>()
  for (const row of rows) {
    const name = [row.model, row.revision, row.task, row.datasetRevision] as const
    const key = JSON.stringify(name)
    if (row.source !== undefined) {
      h.run('delete from published where model = ? and revision = ? and task = ? and datasetRevision = ?', ...name)
      touched.set(key, row)
    } else if (!touched.has(key)) touched.set(key, row)
    insertRow(h, row)
    count += 1
  }
  for (const row of touched.values()) putFile(h, row)
  return { count }
}

function insertRow(h: Handle, row: PublishedRow): void {
  h.run(
    `insert into published (model, revision, task, subset, split, mainScore, metrics, languages, mtebVersion, datasetRevision, evaluationTime, origin)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (model, revision, task, subset, split, datasetRevision) do update set
     mainScore = excluded.mainScore, metrics = excluded.metrics, languages = excluded.languages, mtebVersion = excluded.mtebVersion,
     evaluationTime = excluded.evaluationTime, origin = excluded.origin`,
    row.model,
    row.revision,
    row.task,
    row.subset,
    row.split,
    row.mainScore,
    JSON.stringify(row.metrics),
    JSON.stringify(row.languages),
    row.mtebVersion,
    row.datasetRevision,
    row.evaluationTime,
    row.origin,
  )
}

/** Brings the line of a file up to its rows; rows that come without its text leave an earlier one as it is. */
function putFile(h: Handle, row: PublishedRow): void {
  const name = [row.model, row.revision, row.task, row.datasetRevision] as const
  const { mean } = h.get<{ mean: number | null }>(
    `select iif(count(*) = count(mainScore), avg(mainScore), null) as mean from published
     where model = ? and revision = ? and task = ? and datasetRevision = ?`,
    ...name,
  ) ?? { mean: null }
  h.run(
    `insert into published_file (model, revision, task, datasetRevision, origin, mean, source) values (?, ?, ?, ?, ?, ?, ?)
     on conflict (model, revision, task, datasetRevision) do update set origin = excluded.origin, mean = excluded.mean, source = coalesce(excluded.source, source)`,
    ...name,
    row.origin,
    mean,
    row.source === undefined ? null : Buffer.from(row.source, 'base64'),
  )
}

/** Imported rows, by task, split, subset and model. */
export function publishedRows(h: Handle, filter: PublishedFilter = {}): PublishedRow[] {
  const rows = h.all<Row<typeof published>>(
    `select * from published where (? is null or model = ?) and (? is null or task in (select value from json_each(?)))
     and (? is null or split = ?) and (? is null or subset = ?) order by task, split, subset, model, revision`,
    ...[filter.model ?? null, filter.model ?? null],
    ...(filter.tasks === undefined ? [null, null] : [1, JSON.stringify(filter.tasks)]),
    ...[filter.split ?? null, filter.split ?? null, filter.subset ?? null, filter.subset ?? null],
  )
  return rows.map(({ id: _id, ...row }) => ({
    ...row,
    metrics: JSON.parse(row.metrics) as MetricValues,
    languages: JSON.parse(row.languages) as string[],
  }))
}

/** An imported file as it can be written again. */
export interface PublishedFile extends FileName {
  readonly id: number
  /** Raw deflate of its text. */
  readonly source: Uint8Array
}

/** The next imported files after the one of this id, in order of import; files whose text is unknown are left out. */
export function publishedFiles(h: Handle, afterId: number, limit: number): PublishedFile[] {
  return h.all<PublishedFile>(
    `select id, model, revision, task, datasetRevision, source from published_file where id > ? and source is not null order by id limit ?`,
    afterId,
    limit,
  )
}
