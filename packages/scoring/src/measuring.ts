import type { Judgments, MetricValues } from '@sweepboard/contracts'
import { SweepError } from '@sweepboard/contracts/error'
import { Catalogue, type JudgedPlaces } from './catalogue-list.ts'
import type { SharedStrings } from './json-strings.ts'
import type { DocumentRows } from './ranked-list.ts'
import { gradesOf, rankedScores } from './ranked-metrics.ts'
import { LIST_WORDS, type RowPlaces, RowRanking } from './row-ranking.ts'
import type { RunFile } from './run-file.ts'
import { RunWriter, writePerQuery } from './run-writer.ts'
import type { FoundRows } from './top-rows.ts'

/** All that measuring takes but what was found; can be sent to another thread, and what is large is shared with it. */
export interface MeasuringParts {
  readonly judgments: Pick<Judgments, 'queryIds' | 'queryRows' | 'qrels'>
  /** By query, as the catalogue has them. */
  readonly judged: readonly JudgedPlaces[]
  /** Per query the place that its list leaves out, -1 for none. */
  readonly excepted: Int32Array
  readonly rows: RowPlaces
  readonly ids: SharedStrings
  readonly mainScore: string
}

/** For the runs of one search after the other: fresh memory is due for a garbage collection. Only of a usual size. */
let spare: RunWriter | null = null
const MOST_SPARE_BYTES = 32 * 2 ** 20

function written(run: RunFile): Uint8Array<ArrayBuffer> {
  const writer = spare ?? new RunWriter()
  const bytes = writer.write(run)
  spare = writer.memoryBytes <= MOST_SPARE_BYTES ? writer : null
  return bytes
}

/** What one config scores, and its two artifacts. */
export interface Measured {
  readonly metrics: MetricValues
  readonly mainScore: number | null
  readonly run: Uint8Array<ArrayBuffer>
  readonly perQuery: Uint8Array<ArrayBuffer>
  /** For lists and metrics, without the artifacts. */
  readonly seconds: number
}

/** Makes ranked lists, metrics and artifacts of what a search found, config after config, in any thread. */
export class Measuring {
  readonly parts: MeasuringParts
  private readonly ranking: RowRanking
  /** Of the lists of one config after the other, query after query. */
  private readonly room: Uint32Array

  constructor(parts: MeasuringParts, ranking: RowRanking = new RowRanking(parts.rows, new Catalogue(parts.ids))) {
    this.parts = parts
    this.ranking = ranking
    this.room = new Uint32Array(LIST_WORDS * parts.judgments.queryIds.length)
    gradesOf(parts.judgments).forEach((grades, i) => {
      ranking.catalogue.judge(grades, parts.judged[i] as JudgedPlaces)
    })
  }

  static of(judgments: Judgments, { ranking }: DocumentRows, mainScore: string): Measuring {
    const { catalogue, rows } = ranking
    const { queryIds, queryRows, qrels, ignoreIdenticalIds } = judgments
    const own = { queryIds, queryRows, qrels }
    const judged = gradesOf(own).map((grades) => catalogue.judgedPlaces(grades))
    const excepted = Int32Array.from(queryIds, (id) => (ignoreIdenticalIds ? (catalogue.placeOf(id) ?? -1) : -1))
    return new Measuring({ judgments: own, judged, excepted, rows, ids: catalogue.shared, mainScore }, ranking)
  }

  /** Errors: `SB-SCORE-002` judgments that have no score, or no such main score. */
  config(found: (queryRow: number) => FoundRows): Measured {
    const began = performance.now()
    const { judgments, excepted, mainScore } = this.parts
    const { queryIds, queryRows } = judgments
    const lists = queryRows.map((row, i) =>
      this.ranking.rank(found(row), excepted[i], this.room.subarray(LIST_WORDS * i, LIST_WORDS * (i + 1))),
    )
    const { metrics, perQuery } = rankedScores(judgments, lists, mainScore)
    const main = metrics[mainScore]
    if (main === undefined) throw new SweepError('SB-SCORE-002', { message: `no metric is called ${mainScore}` })
    const seconds = (performance.now() - began) / 1000
    return { metrics, mainScore: main, run: written({ queryIds, lists }), perQuery: writePerQuery(perQuery), seconds }
  }
}
