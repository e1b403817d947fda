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
}

export interface PublishedFilter {
  readonly model?: string | undefined
  readonly tasks?: readonly string[] | undefined
  readonly split?: string | undefined
  readonly subset?: string | undefined
}

/** Adds rows; the same (model, revision, task, subset, split, dataset revision) again replaces the earlier one. */
export function importPublished(h: Handle, rows: Iterable<PublishedRow>): { count: number } {
  let count = 0
  for (const row of rows) {
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
    count += 1
  }
  return { count }
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
