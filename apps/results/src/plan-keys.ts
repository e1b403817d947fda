import {
  deriveGroupKey,
  encodingKey,
  groupKey,
  type Load,
  loadKey,
  type PlannedGroup,
  pairKey,
  recipeKey,
  rerankGroupKey,
  taskKey,
} from '@sweepboard/contracts'

/**
 * Where a submitted group has another key than its content gives, as paths into it; empty where all are right. What is stored goes by key, so a
 * wrong one would show a model the results of another, and a lane is named by its load's.
 */
export function wrongKeys(group: Omit<PlannedGroup, 'configs' | 'rank'>): string[][] {
  const { model, rerank } = group
  return [
    ...(isKeyOf(model.load) ? [] : [['model', 'load', 'key']]),
    ...(rerank === undefined || isKeyOf(rerank.load) ? [] : [['rerank', 'load', 'key']]),
    ...(model.recipeKey === keyOfRow(group) ? [] : [['model', 'recipeKey']]),
    ...(group.key === keyOfGroup(group) ? [] : [['key']]),
  ]
}

function isKeyOf({ key, identity }: Load): boolean {
  return key === loadKey(identity)
}

/** A reranker that is itself the model goes by its pair key, anything else by the recipe of its first stage. */
function keyOfRow({ model, rerank }: Pick<PlannedGroup, 'model' | 'rerank'>): string {
  if (rerank?.parent === null) return pairKey(rerank.load.key, rerank.recipe)
  return recipeKey(model.load.key, model.recipe)
}

function keyOfGroup({ model, sides, task, rerank, derive }: Omit<PlannedGroup, 'configs' | 'rank'>): string {
  const key = taskKey(task)
  if (derive !== undefined) return deriveGroupKey(derive, key)
  if (rerank !== undefined) return rerankGroupKey(rerank.parent, pairKey(rerank.load.key, rerank.recipe), key)
  return groupKey(encodingKey(model.load.key, sides.query), encodingKey(model.load.key, sides.document), key)
}
