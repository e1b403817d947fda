import {
  type Config,
  type Load,
  type PairRecipe,
  type PairsWork,
  type PlannedGroup,
  pairKey,
  rerankGroupKey,
  sha256,
  taskKey,
} from '@sweepboard/contracts'
import type { Ledger } from '../src/index.ts'
import { claimOf, commitAll, FULL, group, leaseAll, load, memory, prepared, SHORT, submit, task } from './fixture.ts'

export const A = load('a')
export const R = load('reranker')
export const T1 = task('t1')
export const RECIPE: PairRecipe = {
  template: null,
  instruction: null,
  head: 'logit',
  yesToken: null,
  noToken: null,
  maxTokens: null,
}

/** The child of `parent` that re-orders the run of one of its configs. */
export function child(parent: PlannedGroup, config: Config, reranker: Load = R): PlannedGroup {
  const from = { group: parent.key, config }
  const stage = { model: reranker.model, revision: '1', tail: 'append' as const }
  return {
    ...parent,
    key: rerankGroupKey(from, pairKey(reranker.key, RECIPE), taskKey(parent.task)),
    configs: [10, 20].map((depth) => ({ ...config, rerank: { ...stage, depth } })),
    rank: 1,
    rerank: { parent: from, load: { ...reranker, open: { ...reranker.open, pair: RECIPE } }, recipe: RECIPE, depth: 20 },
  }
}
export const parent = group(A, T1, { configs: [FULL, SHORT] })
export const pairSet = (name: string, chunks: number) => ({
  digest: sha256(name),
  count: chunks * 10,
  bytes: chunks * 4000,
  bounds: Array.from({ length: chunks }, (_, n): [number, number] => [n * 10, n * 10 + 10]),
  chunkBytes: Array.from({ length: chunks }, () => 4000),
})

/** A sweep whose first stage is prepared and encoded, not yet scored. */
export function encoded(groups: readonly PlannedGroup[] = [parent, child(parent, FULL), child(parent, SHORT)]): Ledger {
  const ledger = memory()
  submit(ledger, 's1', groups)
  ledger.prepared(prepared(T1, ['q', 1], ['d', 2]))
  commitAll(ledger, leaseAll(ledger, 's1', A))
  return ledger
}

/** A claimed lease that finds the pairs of the first child group that waits. */
export function leasePairs(ledger: Ledger, sweep = 's1'): { lease: string; work: PairsWork } {
  const [group] = ledger.unpairedGroups(sweep, 1)
  if (group === undefined) throw new Error('no group waits for pairs')
  const lease = ledger.leasePairs({ sweep, group, cost: 0.2 })
  const answer = ledger.claim(claimOf(lease))
  if (answer.state !== 'granted' || answer.work.kind !== 'pairs') throw new Error('not a pairs lease')
  return { lease, work: answer.work }
}
