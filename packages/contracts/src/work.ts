import { z } from 'zod'
import { Config } from './config.ts'
import { LexicalScoring } from './lexical.ts'
import { Load, PairRecipe, SideRecipe, Similarity } from './recipe.ts'

/** Messages between worker and service (protocol section 5). All bodies are JSON; artifacts travel apart, by digest. */

const digest = z.string().regex(/^[0-9a-f]{64}$/)
const leaseId = z.string().regex(/^j[0-9a-f]{20}$/)
const shortName = z.string().min(1).max(200)

export const SlotState = z.enum(['idle', 'loading', 'serving', 'draining', 'full'])

/** What a device says of itself at the moment of a beat; null where it cannot be read. */
export const DeviceReading = z.strictObject({
  memoryUsedBytes: z.number().nonnegative().nullable(),
  temperatureC: z.number().nullable(),
  /** Between 0 and 1. */
  utilization: z.number().min(0).max(1).nullable(),
  powerWatts: z.number().nonnegative().nullable(),
})
export type DeviceReading = z.infer<typeof DeviceReading>

export const SlotReport = z.strictObject({
  id: shortName,
  device: z.enum(['cpu', 'cuda', 'endpoint']),
  /** Of all its devices together, less what other processes held when the worker started. */
  memoryBytes: z.number().nonnegative(),
  /** How many GPUs it joins; 1 on every other slot. */
  deviceCount: z.number().int().positive().default(1),
  /** As the driver calls it, e.g. `NVIDIA GeForce RTX 4090`; null where there is none to ask. */
  deviceName: shortName.nullable().default(null),
  reading: DeviceReading.nullable().default(null),
  state: SlotState,
  /** Load key the slot has in memory or is loading; null when idle. */
  lane: z.string().nullable(),
  /** Measured tokens (estimated from bytes where no tokenizer is at hand) per second by load key. */
  tokensPerSecond: z.record(z.string(), z.number()),
  /** Measured peak memory in bytes by load key, all devices of the slot together. */
  peakBytes: z.record(z.string(), z.number().nonnegative()).default({}),
  /** Measured seconds from start to ready by load key. */
  loadSeconds: z.record(z.string(), z.number().nonnegative()).default({}),
  closed: z.array(z.strictObject({ lane: z.string(), reason: z.string(), forMs: z.number().nullable() })),
})
export type SlotReport = z.infer<typeof SlotReport>

export const Beat = z.strictObject({
  host: shortName,
  /** Readable name of the machine. */
  hostname: shortName,
  boot: z.number().int().nonnegative(),
  seq: z.number().int().nonnegative(),
  version: shortName,
  slots: z.array(SlotReport).max(1024),
  /** Every lease this host holds, complete. */
  holding: z.array(leaseId).max(100_000),
  /** Digests of model folders this host can open: worker flag --models; null = shares the service's file system. */
  weights: z.array(z.string()).nullable(),
  /** Environment variables this worker may read for API keys (--allow-env). */
  allowEnv: z.array(z.string()),
})
export type Beat = z.infer<typeof Beat>

export const BeatAnswer = z.strictObject({
  stop: z.array(leaseId),
  /** Slot id -> load to serve, null to go idle. A slot not named keeps what it has. */
  lanes: z.record(z.string(), Load.nullable()),
  ledger: z.string(),
})
export type BeatAnswer = z.infer<typeof BeatAnswer>

/** Answer to `GET /api/v1/hosts/:host/call`: whether a beat is worth sending at once. */
export const HostCall = z.strictObject({ called: z.boolean() })
export type HostCall = z.infer<typeof HostCall>

export const Claim = z.strictObject({
  lease: leaseId,
  run: shortName,
  host: shortName,
  boot: z.number().int(),
  seq: z.number().int(),
  slot: shortName,
})
export type Claim = z.infer<typeof Claim>

const chunkRange = z.strictObject({
  n: z.number().int().nonnegative(),
  start: z.number().int().nonnegative(),
  end: z.number().int().positive(),
})

export const EncodeWork = z.strictObject({
  kind: z.literal('encode'),
  lease: leaseId,
  load: Load,
  /** Lane isolation: a chunk with crash marks is run with nothing beside it. */
  alone: z.boolean(),
  parts: z.array(
    z.strictObject({
      encoding: z.number().int(),
      /** Of texts, or of the pairs of a pair set. */
      side: z.union([PairRecipe, SideRecipe]),
      textSet: digest,
      chunks: z.array(chunkRange),
    }),
  ),
})
export type EncodeWork = z.infer<typeof EncodeWork>

const ScoreSide = z.strictObject({
  encoding: z.number().int(),
  textSet: digest,
  count: z.number().int().nonnegative(),
  chunks: z.array(chunkRange.extend({ digest })),
})

export const ScoreWork = z.strictObject({
  kind: z.literal('score'),
  lease: leaseId,
  /** Group row id. */
  group: z.number().int(),
  task: shortName,
  mainScore: shortName,
  judgments: digest,
  queries: ScoreSide,
  documents: ScoreSide,
  configs: z.array(z.strictObject({ key: digest, config: Config })),
  /** Similarity of the recipe, for evidence only; each config names its own. */
  similarity: Similarity,
  /** Only where the chunks hold token lists (text sets, tokens joined by one space) and no vectors. */
  lexical: LexicalScoring.optional(),
})
export type ScoreWork = z.infer<typeof ScoreWork>

/** Find the pairs that rerankers of one parent and one recipe still need: made once for all child groups that wait for them. */
export const PairsWork = z.strictObject({
  kind: z.literal('pairs'),
  lease: leaseId,
  task: shortName,
  judgments: digest,
  /** Text sets the pairs point into. */
  queries: digest,
  documents: digest,
  /** Ranked runs to take `depth` documents per query of; empty on candidate lists, which come with the judgments. */
  runs: z.array(z.strictObject({ run: digest, depth: z.number().int().positive() })),
  /** Pair sets that are scored already, or will be: their pairs are left out. */
  known: z.array(digest),
})
export type PairsWork = z.infer<typeof PairsWork>

/** Score a child group: re-order the parent's run by the pair scores. */
export const RerankWork = z.strictObject({
  kind: z.literal('rerank'),
  lease: leaseId,
  group: z.number().int(),
  task: shortName,
  mainScore: shortName,
  judgments: digest,
  /** The parent's ranked run; null on candidate lists. */
  run: digest.nullable(),
  pairs: z.array(ScoreSide),
  configs: z.array(z.strictObject({ key: digest, config: Config })),
})
export type RerankWork = z.infer<typeof RerankWork>

/** Score a derived group: cut or fuse stored runs. */
export const DeriveWork = z.strictObject({
  kind: z.literal('derive'),
  lease: leaseId,
  group: z.number().int(),
  task: shortName,
  mainScore: shortName,
  judgments: digest,
  /** Of the group's sources, in their order. */
  runs: z.array(digest).min(1),
  configs: z.array(z.strictObject({ key: digest, config: Config })),
})
export type DeriveWork = z.infer<typeof DeriveWork>

export const ClaimAnswer = z.discriminatedUnion('state', [
  z.strictObject({
    state: z.literal('granted'),
    /** Sweep the lease was made for, for logs; what it computes is shared by every sweep that wants it. */
    sweep: z.string().optional(),
    work: z.discriminatedUnion('kind', [EncodeWork, ScoreWork, PairsWork, RerankWork, DeriveWork]),
  }),
  z.strictObject({ state: z.literal('gone') }),
])
export type ClaimAnswer = z.infer<typeof ClaimAnswer>

/** What a chunk's computation was like; kept with the chunk, summed into the cells' evidence. */
export const ChunkEvidence = z.strictObject({
  host: shortName,
  slot: shortName,
  engine: shortName,
  engineVersion: shortName,
  /** Provider really used, e.g. `cpu`. */
  provider: shortName,
  dtype: shortName,
  device: shortName,
  textCount: z.number().int(),
  tokenCount: z.number().int(),
  paddedTokenCount: z.number().int(),
  truncatedCount: z.number().int(),
  controlTokenCount: z.number().int(),
  emptyTextCount: z.number().int(),
  /** Batches in this chunk and how often a batch had to be split for memory. */
  batchCount: z.number().int(),
  splitCount: z.number().int(),
  loadSeconds: z.number(),
  encodeSeconds: z.number(),
  peakMemoryBytes: z.number(),
  dim: z.number().int(),
  code: z.string(),
  /** Milliseconds of single-query encodes, measured once by the process that computed this chunk; absent from its other chunks. */
  queryMs: z.array(z.number().nonnegative()).max(256).optional(),
  /** Bytes of the weights' files; absent where there are none here. */
  weightsBytes: z.number().nonnegative().optional(),
  /** Energy of the processor packages during this chunk; absent where it cannot be read. */
  energyJoules: z.number().nonnegative().optional(),
})
export type ChunkEvidence = z.infer<typeof ChunkEvidence>

export const Commit = z.strictObject({
  lease: leaseId,
  encoding: z.number().int(),
  n: z.number().int().nonnegative(),
  digest,
  evidence: ChunkEvidence,
})
export type Commit = z.infer<typeof Commit>
export const CommitBatch = z.strictObject({ ledger: z.string(), host: shortName, commits: z.array(Commit).max(1000) })
export const CommitVerdict = z.enum(['ok', 'need', 'drop'])
export type CommitVerdict = z.infer<typeof CommitVerdict>
export const CommitAnswer = z.strictObject({ verdicts: z.array(CommitVerdict) })

/** A metric is a number, or null where it is undefined (some nauc); null is exported as NaN. */
export const MetricValues = z.record(z.string(), z.number().nullable())
export type MetricValues = z.infer<typeof MetricValues>

export const ScoreEvidence = z.strictObject({
  host: shortName,
  searchSeconds: z.number(),
  metricSeconds: z.number(),
  /** Vector blocks of this score job, and reads of them: equal when each was read once whatever the number of configs. */
  blockCount: z.number().int(),
  blockReads: z.number().int(),
  peakMemoryBytes: z.number(),
  /** Where the int8 range was taken from; null for other precisions. */
  calibration: z.string().nullable(),
  code: z.string(),
})
export type ScoreEvidence = z.infer<typeof ScoreEvidence>

export const CellResult = z.strictObject({
  config: digest,
  /** All metrics of the cell, as they go to the file (already rounded where the protocol rounds). */
  metrics: MetricValues,
  mainScore: z.number().nullable(),
  /** Artifact: ranked run, and per-query scores. */
  run: digest.nullable(),
  perQuery: digest.nullable(),
  evidence: ScoreEvidence,
})
export type CellResult = z.infer<typeof CellResult>

export const FailureKind = z.enum(['poison', 'engine', 'score'])
export const ChunkFailure = z.strictObject({
  encoding: z.number().int(),
  n: z.number().int().nonnegative(),
  kind: FailureKind,
  code: shortName,
  message: z.string().max(4000),
  fix: z.string().max(1000),
  /** Index of the text in its text set; null when the failure is not tied to one. */
  text: z.number().int().nonnegative().nullable(),
})
export type ChunkFailure = z.infer<typeof ChunkFailure>

export const End = z.strictObject({
  ledger: z.string(),
  host: shortName,
  boot: z.number().int(),
  lease: leaseId,
  results: z.array(CellResult),
  failures: z.array(ChunkFailure),
  /** Score failures by config; the cell fails. */
  scoreFailures: z.array(
    z.strictObject({ config: digest, code: shortName, message: z.string().max(4000), fix: z.string().max(1000) }),
  ),
  missing: z.array(z.strictObject({ encoding: z.number().int(), n: z.number().int(), digest })),
  /** What a `pairs` lease found; left out by every other lease. An empty pair set is one: it says that no pair is missing. */
  pairSet: z
    .strictObject({
      digest,
      count: z.number().int().nonnegative(),
      bytes: z.number().nonnegative(),
      bounds: z.array(z.tuple([z.number().int().nonnegative(), z.number().int().positive()])),
      chunkBytes: z.array(z.number().nonnegative()),
    })
    .optional(),
  /** Why a `pairs` lease found nothing. */
  pairsFailure: z.strictObject({ code: shortName, message: z.string().max(4000), fix: z.string().max(1000) }).optional(),
  /** Chunks a killed worker was computing when it died (marks found at start). */
  crashed: z.array(z.strictObject({ encoding: z.number().int(), n: z.number().int() })),
})
export type End = z.infer<typeof End>

/** Answer to `GET /api/v1/join`: what a worker needs beside the URL and its token. */
export const JoinAnswer = z.strictObject({
  ledger: z.string(),
  queue: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('redis'),
      /** With the login of workers: only holders of the write token hear it. */
      url: z.string(),
      prefix: z.string(),
      tls: z
        .strictObject({ ca: z.string().optional(), serverName: z.string().optional(), checkName: z.boolean().optional() })
        .optional(),
    }),
    z.strictObject({ kind: z.literal('local') }),
  ]),
  beatMs: z.number(),
  graceBeats: z.number(),
  version: z.string(),
  /** Mark of the service's artifact folder, for a worker that has the same folder mounted; absent where it could not be marked. */
  store: z.strictObject({ mark: z.string(), isShared: z.boolean() }).optional(),
})
export type JoinAnswer = z.infer<typeof JoinAnswer>
