import { type Mistake, mistake, SweepError } from '@sweepboard/contracts'
import { closest } from '@sweepboard/tasks'
import { LineCounter, type ParsedNode, parseDocument } from 'yaml'
import { z } from 'zod'
import { unknownGateMetrics } from './gate-metrics.ts'
import { branchesOf, issueWords, wordsOf } from './issue-words.ts'
import { unmetModels } from './overrides.ts'
import { expandBraces } from './pattern.ts'
import { ModelEntry, RerankEntry, SPEC_KEYS, SweepSpec, TaskEntry } from './spec-schema.ts'

/** A model or task of the spec with the line it stands on; braces are expanded. */
export interface Placed<T> {
  readonly value: T
  readonly line: number
}
export interface NamedModel {
  readonly model: string
  readonly engine?: Exclude<z.infer<typeof ModelEntry>, string>['engine']
  readonly recipe?: Exclude<z.infer<typeof ModelEntry>, string>['recipe']
  readonly revision?: string | undefined
}
export interface NamedTask {
  readonly task: string
  readonly subsets?: readonly string[] | undefined
  readonly splits?: readonly string[] | undefined
}

/** What a sweep file lays over its models. */
export type LaidOver = Pick<SweepSpec, 'engine' | 'recipe' | 'overrides'>

const LAID_OVER = z.object(SweepSpec.pick({ engine: true, recipe: true, overrides: true }).shape)

/** What reading a sweep file found: everything well-formed, and every mistake with its line. */
export interface ReadSpec {
  /** Null when the file breaks the schema; models and tasks are still listed, so their mistakes show in the same answer. */
  readonly spec: SweepSpec | null
  readonly models: readonly Placed<NamedModel>[]
  readonly tasks: readonly Placed<NamedTask>[]
  /** Rerankers of `matrix.rerank`; `none` is not among them. */
  readonly rerankers: readonly Placed<RerankEntry>[]
  /**
   * `engine`, `recipe` and `overrides` of the sweep, also where another part of the file breaks the schema; null when one of them does:
   * what a model is cannot be told then.
   */
  readonly laid: LaidOver | null
  /** Lines of `overrides`, in order. */
  readonly overrideLines: readonly number[]
  readonly mistakes: readonly Mistake[]
}

/** Reads a sweep file's text. Never throws on bad input: mistakes are data, so that the caller can add its own. */
export function readSpec(text: string, file: string): ReadSpec {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, maxAliasCount: 100 } as never)
  const mistakes: Mistake[] = document.errors.map((error) =>
    mistake('SB-SPEC-002', { message: error.message.split('\n')[0] ?? '' }, { file, line: error.linePos?.[0].line ?? 1 }),
  )
  if (mistakes.length > 0) return { spec: null, models: [], tasks: [], rerankers: [], laid: null, overrideLines: [], mistakes }
  let raw: unknown
  try {
    raw = document.toJS({ maxAliasCount: 100 })
  } catch (thrown) {
    // Aliases resolve here only: one without an anchor, or too many of them (a "billion laughs" file).
    mistakes.push(mistake('SB-SPEC-002', { message: (thrown as Error).message }, { file, line: 1 }))
    return { spec: null, models: [], tasks: [], rerankers: [], laid: null, overrideLines: [], mistakes }
  }
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length >= 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true) as ParsedNode | undefined
      if (node?.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }
  const keyLine = (path: readonly PropertyKey[], key: string): number => {
    const map = path.length === 0 ? document.contents : (document.getIn(path, true) as ParsedNode | undefined)
    const items = map && 'items' in map ? (map.items as unknown as { key?: { value?: unknown; range?: [number] } }[]) : []
    const pair = items.find((item) => item.key?.value === key)
    return pair?.key?.range ? lines.linePos(pair.key.range[0]).line : lineOf(path)
  }
  const valueAt = (path: readonly PropertyKey[]): unknown =>
    path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], raw)
  const parsed = SweepSpec.safeParse(raw)
  if (!parsed.success)
    for (const issue of parsed.error.issues) mistakes.push(...toMistakes(issue, { file, lineOf, keyLine, valueAt }))
  mistakes.push(...unknownGateMetrics(raw, { file, keyLine }))
  const spec = parsed.success ? parsed.data : null
  const laid = spec ?? LAID_OVER.safeParse(raw).data ?? null
  const named = { models: listModels(raw, lineOf), tasks: listTasks(raw, lineOf), rerankers: listRerankers(raw, lineOf) }
  const overrideLines = (laid?.overrides ?? []).map((_, i) => lineOf(['overrides', i, 'when']))
  const names = [...named.models, ...named.rerankers].map(({ value }) => value.model)
  mistakes.push(...unmetModels(spec?.overrides ?? [], names, { file, line: (i) => overrideLines[i] ?? 1 }))
  return { spec, ...named, laid, overrideLines, mistakes }
}

interface Place {
  readonly file: string
  readonly lineOf: (path: readonly PropertyKey[]) => number
  readonly keyLine: (path: readonly PropertyKey[], key: string) => number
  readonly valueAt: (path: readonly PropertyKey[]) => unknown
}

function toMistakes(issue: z.core.$ZodIssue, place: Place): Mistake[] {
  const { file } = place
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => mistake('SB-SPEC-003', keyHint(key), { file, line: place.keyLine(issue.path, key) }))
  }
  if (issue.code === 'invalid_union') {
    const within = unionMistakes(issue, place)
    if (within !== null) return within
  }
  const path = issue.path.map(String).join('.') || 'the file'
  const line = place.lineOf(issue.path)
  if (issue.message.startsWith('host-only:')) {
    const key = issue.message.slice('host-only:'.length)
    return [
      mistake(
        'SB-SPEC-011',
        { key, path: issue.path.slice(0, -1).map(String).join('.') },
        { file, line: place.keyLine(issue.path.slice(0, -1), key) },
      ),
    ]
  }
  const value = place.valueAt(issue.path)
  const isEmptyFile = issue.path.length === 0 && value === null
  const message = isEmptyFile ? 'is empty' : issueWords(issue, value) + didYouMean(value, wordsOf(issue))
  return [mistake('SB-SPEC-004', { path, message }, { file, line })]
}

/** Mistakes of the form that a value was meant to have; null where it has the beginnings of none. */
function unionMistakes(issue: z.core.$ZodIssueInvalidUnion, place: Place): Mistake[] | null {
  const isBegun = (branch: readonly z.core.$ZodIssue[]) =>
    branch.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys' || code === 'custom')
  const begun = branchesOf(issue).filter(isBegun)
  const foreign = begun.map((branch) =>
    branch.flatMap((one) => (one.code === 'unrecognized_keys' && one.path.length === 0 ? one.keys : [])),
  )
  const meant = begun.length === 1 ? begun : begun.filter((_, i) => foreign[i]?.length === 0)
  const [branch, ...others] = [...meant].sort((a, b) => depth(b) - depth(a))
  const isNamed = others.length === 0 || depth(branch ?? []) > 1
  if (branch !== undefined && isNamed)
    return branch.flatMap((inner) => toMistakes({ ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue, place))
  if (begun.length === 0) return null
  const { file } = place
  const unknown = foreign[0]?.filter((key) => foreign.every((keys) => keys.includes(key))) ?? []
  if (unknown.length > 0)
    return unknown.map((key) => mistake('SB-SPEC-003', keyHint(key), { file, line: place.keyLine(issue.path, key) }))
  const keys = begun.flatMap((one) => one.flatMap(({ path: [key] }) => (key === undefined ? [] : [String(key)])))
  const given = Object.keys((place.valueAt(issue.path) ?? {}) as object)
  const message =
    given.length > 1 ? `names several (${given.join(', ')}): name one` : `must name one of ${[...new Set(keys)].join(', ')}`
  return [mistake('SB-SPEC-004', { path: issue.path.map(String).join('.'), message }, { file, line: place.lineOf(issue.path) })]
}

/** What to say of a key that may not stand where it does: that it belongs elsewhere, or the one it was probably meant to be. */
function keyHint(key: string): { key: string; isElsewhere?: boolean; suggestion?: string } {
  if (SPEC_KEYS.includes(key)) return { key, isElsewhere: true }
  const suggestion = closest(key, SPEC_KEYS)
  return suggestion === null ? { key } : { key, suggestion }
}

function didYouMean(value: unknown, words: readonly string[]): string {
  const meant = value === 'gpu' && words.includes('cuda') ? 'cuda' : null
  const near = meant ?? (typeof value === 'string' ? closest(value, words) : null)
  return near === null ? '' : `; did you mean "${near}"?`
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length))
}

function members(raw: unknown, key: string): unknown[] {
  const list = raw !== null && typeof raw === 'object' ? (raw as Record<string, unknown>)[key] : undefined
  return Array.isArray(list) ? list : []
}

function listModels(raw: unknown, lineOf: (path: readonly PropertyKey[]) => number): Placed<NamedModel>[] {
  return members(raw, 'models').flatMap((entry, i) => {
    const parsed = ModelEntry.safeParse(entry)
    if (!parsed.success) return []
    const whole = typeof parsed.data === 'string' ? { model: parsed.data } : parsed.data
    return expandBraces(whole.model).map((model) => ({ value: { ...whole, model }, line: lineOf(['models', i]) }))
  })
}

function listTasks(raw: unknown, lineOf: (path: readonly PropertyKey[]) => number): Placed<NamedTask>[] {
  return members(raw, 'tasks').flatMap((entry, i) => {
    const parsed = TaskEntry.safeParse(entry)
    if (!parsed.success) return []
    const whole = typeof parsed.data === 'string' ? { task: parsed.data } : parsed.data
    return expandBraces(whole.task).map((task) => ({ value: { ...whole, task }, line: lineOf(['tasks', i]) }))
  })
}

function listRerankers(raw: unknown, lineOf: (path: readonly PropertyKey[]) => number): Placed<RerankEntry>[] {
  const matrix = raw !== null && typeof raw === 'object' ? (raw as Record<string, unknown>).matrix : undefined
  const value = matrix !== null && typeof matrix === 'object' ? (matrix as Record<string, unknown>).rerank : undefined
  const isList = Array.isArray(value)
  return (isList ? value : [value]).flatMap((entry, i) => {
    const parsed = RerankEntry.safeParse(entry)
    if (!parsed.success) return []
    const line = lineOf(['matrix', 'rerank', ...(isList ? [i] : [])])
    return expandBraces(parsed.data.model).map((model) => ({ value: { ...parsed.data, model }, line }))
  })
}

/** Refuses a spec whole: throws `SB-SPEC-001` with every mistake, in line order. Does nothing when there is none. */
export function refuseMistakes(file: string, mistakes: readonly Mistake[]): void {
  if (mistakes.length === 0) return
  const sorted = [...mistakes].sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
  throw new SweepError('SB-SPEC-001', { file, count: sorted.length }, { mistakes: sorted })
}
