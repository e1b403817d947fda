import { type Load, type Mistake, mistake } from '@sweepboard/contracts'
import {
  type Alternative,
  alternativesOf,
  type NamedModel,
  type OverrideSpec,
  type ResolvedModel,
  type ResolvedReranker,
} from '@sweepboard/planner'
import { fitOf, ownEngine, type PlanSlots } from './plan-slots.ts'

/** A model or reranker that was looked at. */
export type FoundModel =
  | { readonly kind: 'model'; readonly model: ResolvedModel }
  | { readonly kind: 'reranker'; readonly reranker: ResolvedReranker }

/** One entry of `models` or `matrix.rerank` on some tasks, in every way overrides allow; its own way comes first. */
export interface ModelWays {
  readonly model: string
  readonly ways: readonly { readonly alternative: Alternative<NamedModel>; readonly found: FoundModel }[]
}

/** Tasks on which an entry is computed in the same ways; `tasks` is absent where those are all. */
export interface TaskWays {
  readonly tasks: ReadonlySet<string> | undefined
  readonly alternatives: readonly Alternative<NamedModel>[]
}

/** Groups tasks by what overrides make of an entry on them; `mustName` as for `alternativesOf`. */
export function taskWays(
  named: NamedModel,
  { overrides, tasks, mustName = false }: { overrides: readonly OverrideSpec[]; tasks: readonly string[]; mustName?: boolean },
): TaskWays[] {
  const groups = new Map<string, { tasks: Set<string>; alternatives: readonly Alternative<NamedModel>[] }>()
  for (const task of new Set(tasks.length > 0 ? tasks : [''])) {
    const alternatives = alternativesOf(named, overrides, task, { mustName })
    const key = JSON.stringify(alternatives)
    const group = groups.get(key) ?? { tasks: new Set<string>(), alternatives }
    group.tasks.add(task)
    groups.set(key, group)
  }
  return [...groups.values()].map(({ tasks: own, alternatives }) => ({
    tasks: groups.size === 1 ? undefined : own,
    alternatives,
  }))
}

export function loadOf(found: FoundModel): Load {
  return (found.kind === 'model' ? found.model : found.reranker).load
}

/** A found model as one way: with its slots, its tasks and what the board calls it. */
export function asWay(found: FoundModel, { slots, engine }: Alternative<NamedModel>, tasks: TaskWays['tasks']): FoundModel {
  const lay = <R extends ResolvedModel | ResolvedReranker>(one: R): R => ({
    ...one,
    load: slots === null ? one.load : { ...one.load, open: { ...one.load.open, slots: [slots] } },
    ...(tasks !== undefined && { tasks }),
    ...(engine !== '' && { engine }),
  })
  return found.kind === 'model' ? { kind: 'model', model: lay(found.model) } : { kind: 'reranker', reranker: lay(found.reranker) }
}

/** Overrides by slot that leave a model the load it has anyway: its slots could not be told apart by it. */
export function sameLoads(all: readonly ModelWays[], place: { file: string; line: (override: number) => number }): Mistake[] {
  const found = new Map<number, Mistake>()
  for (const { model, ways } of all) {
    const [own, ...others] = ways
    for (const { alternative, found: other } of others) {
      const { override } = alternative
      if (own === undefined || override === null || loadOf(own.found).key !== loadOf(other).key) continue
      const message = `${model} has this load anyway: memory and device can only choose between different ones`
      found.set(
        override,
        mistake('SB-SPEC-004', { path: `overrides.${override}`, message }, { file: place.file, line: place.line(override) }),
      )
    }
  }
  return [...found.values()]
}

/** The ways that some slot would take, with what is to be said of it; where none would, the model's own way stays, and waits. */
export function chooseWays({ model, ways }: ModelWays, given: PlanSlots): { kept: FoundModel[]; notes: string[] } {
  const [own] = ways
  if (own === undefined || ways.length === 1) return { kept: ways.map(({ found }) => found), notes: [] }
  const judged = ways.map(({ alternative, found }) => ({
    found,
    engine: alternative.engine || ownEngine(loadOf(found)),
    fit: fitOf(loadOf(found), given),
  }))
  const served = judged.filter(({ fit }) => fit.reason === null)
  if (given.slots.length === 0)
    return {
      kept: [own.found],
      notes: [`${model} is planned with ${judged[0]?.engine} alone: there is no slot yet that overrides could decide by`],
    }
  const out = judged
    .filter(({ fit }) => fit.reason !== null)
    .map(({ engine, fit }) => `${model} is not computed with ${engine}: no slot ${given.where} takes it (${fit.reason})`)
  if (served.length === 0)
    return { kept: [own.found], notes: [...out, `${model} is planned with ${judged[0]?.engine}, which waits for such a slot`] }
  const both = served.map(({ engine, fit }) => `${engine} on ${fit.shown}`).join(', ')
  return {
    kept: served.map(({ found }) => found),
    notes: [
      ...out,
      ...(served.length > 1 ? [`${model} is computed ${served.length} times, each a row of its own: ${both}`] : []),
    ],
  }
}
