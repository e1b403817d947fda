export { hasTypes, ownMean } from './board-means.ts'
export { briefParts, briefVariant } from './brief-variant.ts'
export { unclaimedBy, unclaimedLanguages } from './claimed-language.ts'
export {
  Config,
  Cut,
  configKey,
  HybridStage,
  isDefaultConfig,
  namedVariant,
  Precision,
  RerankStage,
  RerankTail,
  shownCut,
  shownVariant,
  splitVariant,
} from './config.ts'
export { canonicalJson, type Digest, isDigest, keyOf, sha256 } from './digest.ts'
export {
  type ErrorCode,
  type ErrorDetails,
  type ErrorEntry,
  type ErrorKind,
  EXIT_CODE,
  type FailureRecord,
  HTTP_STATUS,
  type Mistake,
  mistake,
  SweepError,
  toFailureRecord,
  toSweepError,
} from './error.ts'
export { ERRORS } from './error-registry.ts'
export { HOST_SECRET, hostOf, maySpeakFor } from './host-proof.ts'
export { Judgments, type PreparationCounts } from './judgments.ts'
export { Keep } from './keep.ts'
export { LabelCap } from './label-cap.ts'
export { newLeaseId } from './lease-id.ts'
export { FREQUENT_SHARE, isLexical, LexicalMethod, LexicalScoring, lexicalScoringOf } from './lexical.ts'
export { maskOf } from './mask.ts'
export { isPairSet, type PairSet, pairSetRef, readPairSet, writePairSet } from './pair-set.ts'
export {
  deriveGroupKey,
  type Gate,
  groupKey,
  type Plan,
  type PlannedDerive,
  type PlannedGroup,
  type PlannedModel,
  type PlannedRerank,
  type PreparedTask,
  rerankGroupKey,
  type TaskRef,
  type TextSetRef,
  taskKey,
} from './plan.ts'
export { parseRate, Rate, RateLimits } from './rate.ts'
export {
  Analyzer,
  Cleaning,
  encodingKey,
  isBelow,
  isPairRecipe,
  isRemote,
  isServed,
  LAUNCHED_SHARE,
  Launch,
  Load,
  laneName,
  loadKey,
  PairRecipe,
  PairTemplate,
  Pooling,
  pairKey,
  pairLoad,
  Recipe,
  recipeKey,
  SCORE_LANE,
  SideRecipe,
  Similarity,
} from './recipe.ts'
export { EmbeddingCard, isPromptKey, RecipeCard, RerankerCard, TASK_FAMILIES } from './recipe-card.ts'
export type { ArtifactStore, ServiceLink, TicketConsumer, TicketQueue } from './seams.ts'
export { type ChosenSlot, isChosen, SlotChoice, SlotCondition, sayChoices, uniteChoices } from './slot-choice.ts'
export {
  BitextJudgments,
  InstructionRerankingJudgments,
  judgedType,
  LegacyRerankingJudgments,
  PairJudgments,
  RerankingJudgments,
  StsJudgments,
  TaskJudgments,
} from './task-judgments.ts'
export { type PromptSides, promptSidesOf, TaskType } from './task-type.ts'
export { briefRevision, recipeName, tellApart } from './tell-apart.ts'
export {
  CHUNK_MAX_BYTES,
  CHUNK_MAX_TEXTS,
  type ChunkBounds,
  chunkBounds,
  readTextSet,
  textSetDigest,
  textSetLengths,
  writeTextSet,
} from './text-set.ts'
export { readVectors, type Vectors, writeVectors } from './vectors.ts'
export {
  Beat,
  BeatAnswer,
  CellResult,
  ChunkEvidence,
  ChunkFailure,
  Claim,
  ClaimAnswer,
  Commit,
  CommitAnswer,
  CommitBatch,
  CommitVerdict,
  DeriveWork,
  DeviceReading,
  EncodeWork,
  End,
  HostCall,
  JoinAnswer,
  MetricValues,
  PairsWork,
  RerankWork,
  ScoreEvidence,
  ScoreWork,
  SlotReport,
  SlotState,
} from './work.ts'
