export { averagePrecision } from './average-precision.ts'
export { type BitextInput, scoreBitext } from './bitext.ts'
export {
  CALIBRATION_KINDS,
  type Calibration,
  type CalibrationKind,
  calibrate,
  fallingIntervals,
  fitCalibration,
} from './calibration.ts'
export { type CalibratedQuery, type CalibrationErrors, calibrationErrors } from './calibration-errors.ts'
export { type Confidence, confidenceOf } from './confidence.ts'
export { averageRanks, pearson, spearman } from './correlation.ts'
export { type Distribution, distributionOf, PERCENTILES } from './distribution.ts'
export { type AlignedLists, alignLists, type FusionMethod, fuseLists, NORMALISATIONS, type Normalisation } from './fusion.ts'
export { equalWeights, fitWeights } from './fusion-weights.ts'
export {
  type ChangedDocuments,
  type InstructionRerankingInput,
  nestEntry,
  scoreInstructionReranking,
} from './instruction-reranking.ts'
export type { Judgments } from './judged-ranking.ts'
export { kendall } from './kendall.ts'
export { MetricInputError, type MetricInputMistake } from './metric-input-error.ts'
export { formatMtebJson, formatPythonFloat, type MtebJson } from './mteb-json.ts'
export { type MtebJsonOptions, parseMtebJson } from './mteb-json-reader.ts'
export { nauc } from './nauc.ts'
export { type NeighbourAgreement, neighbourAgreement, type Side } from './neighbour-agreement.ts'
export { numpyMean, numpySum } from './numpy-sum.ts'
export {
  type PairClassificationInput,
  type PairClassificationScores,
  type PairScoreKind,
  scorePairClassification,
} from './pair-classification.ts'
export {
  comparePaired,
  comparePairedStrata,
  DEFAULT_ROUNDS,
  DEFAULT_SEED,
  holm,
  type PairedComparison,
  type PairedOptions,
  type PairedStratum,
} from './paired-test.ts'
export { type PassRate, type PassRates, type PassRatesByKind, passRatesByKind } from './pass-rates.ts'
export { compareIds, type ListGrades, type RankedList, rankDocuments, type ScorePrecision } from './ranking.ts'
export { type RerankingSample, type RerankingV1Scores, scoreRerankingV1 } from './reranking-v1.ts'
export { DEFAULT_K_VALUES, type RetrievalScores, scoreRetrieval } from './retrieval.ts'
export type { RetrievalInput } from './retrieval-input.ts'
export { numpyRound, roundHalfEven } from './round.ts'
export type { RoundedScores } from './rounded-scores.ts'
export { type ScoreAgreement, type ScoredQuery, scoreAgreement } from './score-agreement.ts'
export { type StsInput, type StsPairScores, scoreSts } from './sts.ts'
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
export { UnknownMeasureError } from './trec-measures.ts'
export { type Rows, type VectorAgreement, vectorAgreement } from './vector-agreement.ts'
export { type ProportionInterval, wilsonInterval, Z_95 } from './wilson.ts'
