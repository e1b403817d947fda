import {
  type Config,
  type Cut,
  configKey,
  type Digest,
  deriveGroupKey,
  type HybridStage,
  namedVariant,
  type PlannedGroup,
  pairKey,
  rerankGroupKey,
  splitVariant,
  taskKey,
} from '@sweepboard/contracts'
import type { ResolvedReranker } from './plan-rerank.ts'

/** A group without its configs and its place in the plan. */
export type GroupDraft = Omit<PlannedGroup, 'rank' | 'configs'>

/** One cell: a group and a config of it. */
export interface PlannedCell {
  readonly group: Digest
  readonly config: Config
}

/** What stands over a config of the first stage, in this order; null = nothing. */
export interface StageLine {
  readonly hybrid: HybridStage['weight'] | null
  readonly reranker: ResolvedReranker | null
  readonly cut: Cut | null
}

export const FIRST_STAGE: StageLine = { hybrid: null, reranker: null, cut: null }

/** Every combination of the second stages, the first stage alone always among them. */
export function stageLines(axes: {
  readonly hybrids: readonly StageLine['hybrid'][]
  readonly rerankers: readonly StageLine['reranker'][]
  readonly cuts: readonly StageLine['cut'][]
}): StageLine[] {
  const lines = axes.hybrids.flatMap((hybrid) =>
    axes.rerankers.flatMap((reranker) => axes.cuts.map((cut): StageLine => ({ hybrid, reranker, cut }))),
  )
  return [FIRST_STAGE, ...lines.filter(({ hybrid, reranker, cut }) => hybrid !== null || reranker !== null || cut !== null)]
}

/** A config of the first stage with what stands over it. */
export interface PlannedLine {
  readonly config: Config
  readonly line: StageLine
}

/**
 * The groups that stand over one group of the first stage: hybrids, then rerankers, then cuts, so that each stands behind those it is
 * made from. A cell between the first stage and a line's end is planned with it. Lines of one reranker, recipe and first-stage cell
 * share a group and its pairs, found at the largest depth. `lexical`: the cell that hybrids are fused with.
 */
export function secondStages(
  first: GroupDraft,
  lines: readonly PlannedLine[],
  lexical: { readonly cell: PlannedCell; readonly model: Pick<HybridStage, 'model' | 'revision'> } | null,
): Omit<PlannedGroup, 'rank'>[] {
  const hybrids = new Drafts()
  const reranked = new Drafts()
  const cuts = new Drafts()
  for (const { config, line } of lines) {
    let cells: PlannedCell[] = [{ group: first.key, config }]
    const { hybrid, reranker, cut } = line
    const over = underEngine(first, reranker?.engine)
    if (hybrid !== null && lexical !== null) {
      const sources = [...cells, lexical.cell]
      cells = [hybrids.add(derived(first, sources), { ...config, hybrid: { ...lexical.model, weight: hybrid } })]
    }
    if (reranker !== null) cells = cells.flatMap((cell) => rerankCells(reranked, { first: over, parent: cell, reranker }))
    if (cut !== null) for (const cell of cells) cuts.add(derived(over, [cell]), { ...cell.config, cut })
  }
  return [hybrids, reranked, cuts].flatMap((drafts) => drafts.groups())
}

/** Rows over two engines of one reranker are told apart as those of two engines of one model are. */
function underEngine(first: GroupDraft, rerankEngine = ''): GroupDraft {
  if (rerankEngine === '') return first
  const { engine, variant } = splitVariant(first.model.variant)
  const both = [engine, `reranker ${rerankEngine}`].filter(Boolean).join(', ')
  return { ...first, model: { ...first.model, variant: namedVariant(both, variant) } }
}

function derived(first: GroupDraft, sources: readonly PlannedCell[]): GroupDraft {
  // Candidate lists that a reranker of its own re-ordered are first-stage lists here: what is cut from them is not re-ordered again.
  const { rerank: _, ...own } = first
  return { ...own, key: deriveGroupKey({ sources }, taskKey(first.task)), derive: { sources } }
}

function rerankCells(
  drafts: Drafts,
  { first, parent, reranker }: { first: GroupDraft; parent: PlannedCell; reranker: ResolvedReranker },
): PlannedCell[] {
  const { load, tail } = reranker
  const recipe = reranker.recipe(first.task)
  const key = rerankGroupKey(parent, pairKey(load.key, recipe), taskKey(first.task))
  return reranker.depths.map((each) => {
    const depth = Math.max(each, drafts.draft(key)?.rerank?.depth ?? 0)
    const stage = { model: load.model, revision: load.revision, depth: each, tail }
    return drafts.add({ ...first, key, rerank: { parent, load, recipe, depth } }, { ...parent.config, rerank: stage })
  })
}

/** Groups being put together, in the order of their first cell. */
class Drafts {
  readonly #groups = new Map<Digest, { draft: GroupDraft; readonly configs: Map<Digest, Config> }>()

  draft(key: Digest): GroupDraft | undefined {
    return this.#groups.get(key)?.draft
  }

  /** The newest draft of a group counts. */
  add(draft: GroupDraft, config: Config): PlannedCell {
    const known = this.#groups.get(draft.key) ?? { draft, configs: new Map<Digest, Config>() }
    known.draft = draft
    known.configs.set(configKey(config), config)
    this.#groups.set(draft.key, known)
    return { group: draft.key, config }
  }

  groups(): Omit<PlannedGroup, 'rank'>[] {
    return [...this.#groups.values()].map(({ draft, configs }) => ({ ...draft, configs: [...configs.values()] }))
  }
}
