import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TaskType } from '@sweepboard/contracts'
import type { SideTexts } from './catalog.ts'
import { closest } from './closest.ts'
import { MistakeList } from './mistake-list.ts'
import { isPathPart } from './path-part.ts'

/** What `task.json` of a local or shipped task folder may say; all of it optional. */
export interface TaskFile {
  readonly name?: string
  /** `iso639_3-Script`, e.g. `cmn-Hans`. */
  readonly languages?: readonly string[]
  /** MTEB's task type; Retrieval by default. */
  readonly type?: TaskType
  readonly mainScore?: string
  /** Range of an STS task's scores; 0 and 5 by default. */
  readonly minScore?: number
  readonly maxScore?: number
  readonly splits?: readonly string[]
  readonly ignoreIdenticalIds?: boolean
  /** Instruction for both sides, or per side. */
  readonly prompt?: string | Pick<SideTexts, 'query' | 'document'>
  readonly description?: string
  readonly license?: string
}

const AT_K = '(ndcg|map|recall|precision|mrr|hit_rate)_at_(1|3|5|10|20|100|1000)'
const PAIR_SCORES = '(similarity|cosine|manhattan|euclidean|dot|max)'
/** Metrics a task of each type can be ranked by, and the one it is by default. */
const MAIN_SCORES: Readonly<Record<TaskType, { readonly accepts: RegExp; readonly byDefault: string }>> = {
  Retrieval: { accepts: new RegExp(`^${AT_K}$`), byDefault: 'ndcg_at_10' },
  Reranking: { accepts: new RegExp(`^(max_over_subqueries_)?${AT_K}$|^(map|mrr)$`), byDefault: 'map_at_1000' },
  InstructionReranking: { accepts: new RegExp(`^${AT_K}$|^p-MRR$`), byDefault: 'p-MRR' },
  STS: { accepts: /^((cosine|manhattan|euclidean)_)?(pearson|spearman)$/, byDefault: 'cosine_spearman' },
  PairClassification: { accepts: new RegExp(`^${PAIR_SCORES}_(accuracy|f1|precision|recall|ap)$`), byDefault: 'max_ap' },
  BitextMining: { accepts: /^(f1|precision|recall|accuracy)$/, byDefault: 'f1' },
}

/** The metric a task of this type is ranked by where its file names none. */
export function defaultMainScore(type: TaskType): string {
  return MAIN_SCORES[type].byDefault
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.isWellFormed()
const isList = (value: unknown, accepts: (item: unknown) => boolean) =>
  Array.isArray(value) && value.length > 0 && value.every(accepts)
const isPrompt = (value: unknown): boolean =>
  isText(value) ||
  (value !== null &&
    typeof value === 'object' &&
    !Array.isArray(value) &&
    Object.entries(value).every(([side, text]) => (side === 'query' || side === 'document') && isText(text)))

interface Field {
  readonly wanted: string
  readonly accepts: (value: unknown, type: TaskType) => boolean
}
const isScore = (value: unknown) => typeof value === 'number' && Number.isFinite(value)
const FIELDS: Readonly<Record<string, Field>> = {
  name: { wanted: 'a name without slashes', accepts: (value) => isText(value) && isPathPart(value) },
  languages: {
    wanted: 'a list of languages like "cmn-Hans"',
    accepts: (value) => isList(value, (item) => typeof item === 'string' && /^[a-z]{3}-[A-Z][a-z]{3}$/.test(item)),
  },
  mainScore: {
    wanted: 'a metric of its task type, like "ndcg_at_10" for Retrieval',
    accepts: (value, type) => typeof value === 'string' && MAIN_SCORES[type].accepts.test(value),
  },
  type: { wanted: `one of ${TaskType.options.join(', ')}`, accepts: (value) => TaskType.safeParse(value).success },
  minScore: { wanted: 'a number', accepts: isScore },
  maxScore: { wanted: 'a number', accepts: isScore },
  splits: {
    wanted: 'a list of names of splits',
    accepts: (value) => isList(value, (item) => isText(item) && isPathPart(item)),
  },
  ignoreIdenticalIds: { wanted: 'true or false', accepts: (value) => typeof value === 'boolean' },
  prompt: { wanted: 'a text, or {"query": text, "document": text}', accepts: isPrompt },
  description: { wanted: 'a text', accepts: isText },
  license: { wanted: 'a text', accepts: isText },
}

/**
 * Reads `task.json` of a task folder; without the file, an empty one.
 * @throws SweepError `SB-TASK-001` with every mistake: unreadable (`SB-FILE-001`), malformed (`SB-TASK-002`), a key of the
 *   wrong form or an unknown one (`SB-TASK-007`)
 */
export function readTaskFile(task: string, folder: string): TaskFile {
  const file = join(folder, 'task.json')
  const mistakes = new MistakeList(task)
  const parsed: TaskFile = parseTaskFile(file, mistakes)
  const type = TaskType.safeParse(parsed.type).data ?? 'Retrieval'
  for (const [key, value] of Object.entries(parsed)) {
    const field = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined
    const near = field ? null : closest(key, Object.keys(FIELDS))
    const wanted = field ? field.wanted : `a known key${near ? `, did you mean "${near}"?` : ''}`
    if (!field?.accepts(value, type)) mistakes.add('SB-TASK-007', { field: `"${key}"`, wanted }, { file })
  }
  if (isScore(parsed.minScore) && isScore(parsed.maxScore) && !((parsed.minScore as number) < (parsed.maxScore as number)))
    mistakes.add('SB-TASK-007', { field: '"minScore"', wanted: 'below "maxScore"' }, { file })
  mistakes.refuse()
  return parsed
}

function parseTaskFile(file: string, mistakes: MistakeList): object {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code !== 'ENOENT') mistakes.add('SB-FILE-001', { file, message }, { file })
    return {}
  }
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed)) return parsed
    mistakes.add('SB-TASK-002', { message: 'the file is no JSON object' }, { file })
  } catch (cause) {
    if (cause instanceof SyntaxError) mistakes.add('SB-TASK-002', { message: cause.message }, { file })
    else mistakes.add('SB-TASK-005', {}, { file })
  }
  return {}
}
