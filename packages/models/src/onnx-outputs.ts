/** Which output of an export is wanted: token vectors, a vector the model pooled itself, or logits. */
export type OutputKind = 'tokens' | 'sentence' | 'logits'

/** One output of a graph. */
export interface GraphOutput {
  readonly name: string
  /** Axes as the graph declares them: a length, or null for one that varies. */
  readonly axes: readonly (number | null)[]
}

const OUTPUTS: Readonly<Record<OutputKind, { readonly names: readonly string[]; readonly ranks: readonly number[] }>> = {
  tokens: { names: ['last_hidden_state', 'token_embeddings'], ranks: [3] },
  sentence: { names: ['sentence_embedding', 'pooler_output'], ranks: [2] },
  logits: { names: ['logits'], ranks: [2, 3] },
}

/** How many axes an output of this kind has. */
export function ranksOf(kind: OutputKind): readonly number[] {
  return OUTPUTS[kind].ranks
}

/** The output of a kind: one of its usual names, else the only one with as many axes that is no cache; undefined without any. */
export function findOutput(outputs: readonly GraphOutput[], kind: OutputKind): GraphOutput | undefined {
  const { names, ranks } = OUTPUTS[kind]
  const named = names.flatMap((name) => outputs.filter((output) => output.name === name))
  const fitting = outputs.filter(({ name, axes }) => ranks.includes(axes.length) && !name.startsWith('present'))
  return named[0] ?? (fitting.length === 1 ? fitting[0] : undefined)
}
