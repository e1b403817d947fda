import { existsSync, readFileSync } from 'node:fs'
import { type Config, configKey, type ScoreWork, type TaskJudgments } from '@sweepboard/contracts'
import { expect } from 'vitest'
import { type Matrix, scoreTaskGroup } from '../src/index.ts'
import { type MemoryStore, storedSide } from './memory-store.ts'

const ROOT = new URL('../../../../shared/golden/evaluators/', import.meta.url)
export const goldenIsThere = existsSync(ROOT)

export interface Binary {
  readonly file: string
  readonly shape: [number, number]
}
/** Numbers in the JSON, NaN as text, or a float64 file beside it. */
export type StoredList = readonly (number | string)[] | Binary
export type Entry = Readonly<Record<string, number | string>>

export function readGolden<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, ROOT), 'utf8')) as T
}

export function matrixIn(folder: string, { file, shape }: Binary): Matrix {
  return { values: new Float32Array(bytesOf(`${folder}/${file}`)), rowCount: shape[0], dim: shape[1] }
}

export function listIn(folder: string, stored: StoredList): Float64Array {
  return 'file' in stored ? new Float64Array(bytesOf(`${folder}/${stored.file}`)) : Float64Array.from(stored, Number)
}

function bytesOf(path: string): ArrayBuffer {
  return new Uint8Array(readFileSync(new URL(path, ROOT))).buffer
}

export interface TaskInput {
  readonly queries: Matrix
  readonly documents: Matrix
  readonly judgments: TaskJudgments
  readonly mainScore: string
  readonly configs: readonly Config[]
  readonly chunkRows?: number
}

/** Stores vectors and judgments and scores them as a score job does. */
export async function scoreStored(store: MemoryStore, input: TaskInput) {
  return scoreTaskGroup(await storedTask(store, input), store, { host: 'test', code: 'test' })
}

export async function storedTask(store: MemoryStore, input: TaskInput): Promise<ScoreWork> {
  const { queries, documents, judgments, mainScore, configs, chunkRows = 100 } = input
  return {
    kind: 'score',
    lease: 'j00000000000000000000',
    group: 1,
    task: 'Golden',
    mainScore,
    judgments: await store.put(Buffer.from(JSON.stringify(judgments))),
    queries: await storedSide(store, { rows: queries, encoding: 1, chunkRows }),
    documents: await storedSide(store, { rows: documents, encoding: 2, chunkRows }),
    configs: configs.map((config) => ({ key: configKey(config), config })),
    similarity: 'cosine',
  }
}

/** Every key of an entry, `main_score` included; NaN is null. `tolerance(key)` 0 wants equal numbers. */
export function expectSameEntry(
  ours: { readonly metrics: Readonly<Record<string, number | null>>; readonly mainScore: number | null } | undefined,
  wanted: Entry,
  tolerance: (key: string) => number = () => 0,
): void {
  const own: Record<string, number | null> = { ...ours?.metrics, main_score: ours?.mainScore ?? null }
  expect(Object.keys(own)).toEqual(Object.keys(wanted))
  const differing = Object.entries(wanted).filter(([key, value]) => {
    const [a, b] = [own[key] ?? Number.NaN, Number(value)]
    return !Object.is(a, b) && !(Math.abs(a - b) <= tolerance(key))
  })
  expect(differing.map(([key, value]) => ({ key, wanted: value, ours: own[key] }))).toEqual([])
}
