import { type PairRecipe, SweepError } from '@sweepboard/contracts'
import type { BatchTarget } from './onnx-batch.ts'
import type { PaddingSide } from './onnx-feeds.ts'
import type { OnnxSession, SessionOutput } from './onnx-session.ts'
import type { TextTokenizer, TokenizedText } from './text-tokenizer.ts'

const CANARY = [1, 2, 3]

/** Where the scores of pairs are computed out of a reranker's logits. Throws `SB-MODEL-004` when a yes or no token is unknown. */
export function scoreTarget(given: {
  readonly session: OnnxSession
  readonly tokenizer: TextTokenizer
  readonly padding: PaddingSide
  readonly recipe: PairRecipe
  readonly pairs: readonly TokenizedText[]
  /** `[pairs.length]`. */
  readonly scores: Float32Array
}): BatchTarget {
  const { session, tokenizer, padding, recipe, pairs, scores } = given
  const { padId } = tokenizer
  const read = recipe.head === 'yes-no' ? yesNoReader(tokenizer, recipe) : labelReader(recipe)
  const write = async (rows: readonly number[]) => {
    const texts = rows.map((row) => pairs[row] as TokenizedText)
    const ids = texts.map((text) => text.ids)
    const typeIds = texts.map((text) => text.typeIds ?? text.ids.map(() => 0))
    const output = await session.run({ ids, typeIds, padId, padding }, 'logits')
    rows.forEach((row, i) => {
      const size = (ids[i] as readonly number[]).length
      scores[row] = read(output, i, padding === 'left' ? null : size - 1)
    })
  }
  return {
    texts: pairs,
    write,
    isFinite: (row) => Number.isFinite(scores[row]),
    canary: async () => {
      await session.run({ ids: [CANARY], padId, padding }, 'logits')
    },
  }
}

/** A row's score; `last` is the position of its last real token, null for the last position of all. */
type ScoreReader = (output: SessionOutput, row: number, last: number | null) => number

/** The single logit of a sequence classifier `[rows, 1]`, as it is or through the logistic function. */
function labelReader(recipe: PairRecipe): ScoreReader {
  return (output, row) => {
    if (output.dims.length !== 2 || output.dims[1] !== 1)
      throw new SweepError('SB-MODEL-007', { message: `the reranker gives logits [${output.dims}], one a pair was planned` })
    const logit = output.values[row] as number
    return recipe.head === 'sigmoid' ? 1 / (1 + Math.exp(-logit)) : logit
  }
}

/** Probability of yes among yes and no, out of causal logits `[rows, positions, vocabulary]`. */
function yesNoReader(tokenizer: TextTokenizer, recipe: PairRecipe): ScoreReader {
  const [yes, no] = [tokenOf(tokenizer, recipe.yesToken), tokenOf(tokenizer, recipe.noToken)]
  return (output, row, last) => {
    const [, positions, vocabulary] = output.dims as readonly [number, number, number]
    if (output.dims.length !== 3 || vocabulary <= Math.max(yes, no))
      throw new SweepError('SB-MODEL-007', { message: `the reranker gives logits [${output.dims}], not one a token` })
    const at = (row * positions + (last ?? positions - 1)) * vocabulary
    return 1 / (1 + Math.exp((output.values[at + no] as number) - (output.values[at + yes] as number)))
  }
}

function tokenOf(tokenizer: TextTokenizer, token: string | null): number {
  const id = token === null ? null : tokenizer.idOf(token)
  if (id === null) throw new SweepError('SB-MODEL-004', { model: 'this model', missing: `its tokenizer has no token ${token}` })
  return id
}
