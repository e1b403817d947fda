export { assertAccess, assertSafeMetrics, assertSafeToListen, isBearer, type Tokens } from './access.ts'
export { createApp } from './app.ts'
export { openHttpLink, ServiceClient } from './client.ts'
export { type ComparedTask, type Comparison, comparePairing } from './comparison.ts'
export type { HostView } from './coordinator-hosts.ts'
export { openCrashPoint, SERVICE_CRASH_POINTS } from './crash-point.ts'
export type { ServiceEvent } from './events.ts'
export {
  explainGap,
  isTelling,
  type PartEffect,
  type SampleScores,
  sayExplanation,
  type Variant,
  widestHalf,
} from './explain-gap.ts'
export { nameFailedTexts } from './failed-text.ts'
export { fitNotes, liveSlots } from './fit-notes.ts'
export type { ForgetRun, ForgottenRow, VectorOrder } from './forget-vectors.ts'
export { GARBAGE_AGE_MS, Garbage, type GarbageOrder, type GarbageRun } from './garbage.ts'
export type { Health } from './health.ts'
export { HISTORY_LIMIT, type HistoryQuery, historyParams, type ModelHistory, readHistory } from './history.ts'
export { type JudgedHistory, type JudgedResult, judgeHistory } from './judge-history.ts'
export { type EntryGap, type JudgeOptions, judgeScores, type Verdict } from './judge-scores.ts'
export { type KindBoard, type KindBoardQuery, type KindBoardRow, readKindBoard } from './kind-board.ts'
export type { LaneView } from './lane-view.ts'
export { type Leaderboard, type LeaderboardRow, toLeaderboard } from './leaderboard.ts'
export { hostInUrl, type Listening, listen, listenError } from './listen.ts'
export { openLocalLink } from './local-link.ts'
export { ServiceMetrics } from './metrics-service.ts'
export { type ExportSummary, exportResults } from './mteb-export.ts'
export { listResultFiles, type ReadFile, readResultFile } from './mteb-import.ts'
export { openApiDocument } from './openapi.ts'
export { type Pairing, type PairingQuery, pairingParams, readPairing } from './pairing.ts'
export { Submission } from './plan-schema.ts'
export { exportPublished, type PublishedExport } from './published-files.ts'
export { PublishedIndex } from './published-index.ts'
export { PublishedRow } from './published-row.ts'
export { RateMeter } from './rate-meter.ts'
export { type LeaderboardQuery, leaderboardParams, parseLeaderboardQuery, readRanking } from './read-leaderboard.ts'
export {
  buildReport,
  type ReportDelta,
  type ReportEntry,
  type ReportInput,
  type ReportSystem,
  type SweepReport,
} from './report.ts'
export { reportHtml } from './report-html.ts'
export { reportMarkdown } from './report-markdown.ts'
export { type ResourceRow, resourceRows } from './resources.ts'
export { isToldApart, showInterval, showP, signed } from './say-comparison.ts'
export { findTable, type ScoreEntry, type ScoreTable, toScoreTables } from './score-table.ts'
export { Service, type SweepView } from './service.ts'
export type { ServiceOptions } from './service-options.ts'
export { submitSweep } from './submit-client.ts'
export { UNSERVABLE_AFTER_MS } from './unservable-lanes.ts'
export { type NumbersDistance, sayWhose, whoseNumbers } from './whose-numbers.ts'
