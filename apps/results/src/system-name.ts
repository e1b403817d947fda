import type { Config, Similarity } from '@sweepboard/contracts'

/** What a row of the board is called by. */
interface Named {
  readonly model: string
  /** Recipe label and second stages beside the model. */
  readonly variant: string
  readonly config: Config
  readonly recipe: { readonly similarity: Similarity }
}

/** The member of a row that says by what it was scored, where that is not the recipe's own. */
export function otherSimilarity({ config, recipe }: Pick<Named, 'config' | 'recipe'>): { otherSimilarity?: Similarity } {
  return config.similarity === recipe.similarity ? {} : { otherSimilarity: config.similarity }
}

/** What is said beside the model: recipe label, second stages, and what of the config is not the recipe's own; none for its main row. */
export function systemParts({ variant, config, recipe }: Omit<Named, 'model'>): string[] {
  const derived = [
    config.dimensions === null ? '' : `${config.dimensions} dims`,
    config.precision === 'float32' ? '' : config.precision,
    otherSimilarity({ config, recipe }).otherSimilarity ?? '',
  ]
  return [variant, ...derived].filter(Boolean)
}

/** `BAAI/bge-m3 [256 dims, int8]`: what a system of a report is called. */
export function systemName(system: Named): string {
  return withParts(system.model, systemParts(system))
}

export function withParts(model: string, parts: readonly string[]): string {
  return parts.length === 0 ? model : `${model} [${parts.join(', ')}]`
}

/** A name as it may stand in a message of lines: its control characters written out. */
export function inOneLine(name: string): string {
  return name.replace(/\p{Cc}/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
