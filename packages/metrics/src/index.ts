export { type Confidence, confidenceOf } from './confidence.ts'
export type { Judgments } from './judged-ranking.ts'
export { MetricInputError, type MetricInputMistake } from './metric-input-error.ts'
export { formatMtebJson, formatPythonFloat, type MtebJson } from './mteb-json.ts'
export { type MtebJsonOptions, parseMtebJson } from './mteb-json-reader.ts'
export { nauc } from './nauc.ts'
export { numpyMean, numpySum } from './numpy-sum.ts'
export { compareIds, type RankedList, rankDocuments, type ScorePrecision } from './ranking.ts'
export { DEFAULT_K_VALUES, type RetrievalScores, scoreRetrieval } from './retrieval.ts'
export type { RetrievalInput } from './retrieval-input.ts'
export { numpyRound, roundHalfEven } from './round.ts'
export { maxOverSubqueries, pairedAccuracy, robustnessAt10, type SubqueryScores } from './subqueries.ts'
export { evaluateTrec, type TrecEvaluation, type TrecOptions } from './trec.ts'
export {
  parseTrecQrels,
  parseTrecRun,
  TrecFormatError,
  type TrecMistake,
  type TrecQrels,
  type TrecResults,
  type TrecRun,
} from './trec-format.ts'
