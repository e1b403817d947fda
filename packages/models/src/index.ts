export { openTokenEngine, type TokenEngine } from './bm25-engine.ts'
export { type BuiltInModel, builtInModels } from './built-in-models.ts'
export type { AnswerKeeper, EncodeCounts, EncodedTexts, EncodeOptions, Engine, KeptAnswer } from './engine.ts'
export type { ServerNews } from './http/patient-client.ts'
export { fillInstruction, type InstructionTask, type SidePrompts } from './instruction.ts'
export { isReranker } from './is-reranker.ts'
export { launchCommand } from './launchers/launch.ts'
export type { LaunchCommand, LauncherSettings, LaunchPlace } from './launchers/launch-command.ts'
export { launchFolder } from './launchers/launch-weights.ts'
export { weightsUnder } from './launchers/launch-weights-under.ts'
export { LAUNCHER_NAMES } from './launchers/launcher.ts'
export { LAUNCHERS } from './launchers/launchers.ts'
export { type OwnCommand, type OwnLaunchers, parseLaunchers, readLaunchers } from './launchers/own-launchers.ts'
export type {
  Bm25Choice,
  EndpointChoice,
  EngineChoice,
  LaunchChoice,
  ModelInfo,
  ModelSource,
  OnnxChoice,
  PairPatch,
  RecipePatch,
  RerankerInfo,
  RerankSource,
  ResolveContext,
} from './model-source.ts'
export { readModelWeights, type WeightsAt } from './model-weights.ts'
export { PROVIDERS, providerEnvironment } from './onnx-provider-name.ts'
export { type OpenOptions, openEngine } from './open-engine.ts'
export { openPairEngine } from './open-pair-engine.ts'
export type { PairEngine, ScoredPairs, TextPair } from './pair-engine.ts'
export { fingerprintFits, fingerprintOf, PROBE_MARK, PROBE_TEXTS } from './probe.ts'
export { type ProbeQuestion, type ProbeSet, type ProbeText, probeSet } from './probe-set.ts'
export { embeddingCard, recipeBook, rerankerCard } from './recipe-book.ts'
export { servedBytes, weightBytes } from './recipe-memory.ts'
export { BM25_MODEL, lexicalSides } from './resolve-bm25.ts'
export { resolveModel } from './resolve-model.ts'
export { type RerankServerInfo, type RerankServerSource, resolveRerankServer } from './resolve-rerank-server.ts'
export { resolveReranker } from './resolve-reranker.ts'
export { BATCH_PADDED_TOKENS } from './token-batches.ts'
