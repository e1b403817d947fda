import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type EmbeddingCard, RecipeCard, type RerankerCard, SweepError } from '@sweepboard/contracts'

const FOLDER = fileURLToPath(new URL('../recipes/', import.meta.url))
let book: ReadonlyMap<string, RecipeCard> | null = null

/**
 * Every card of `recipes/*.json`, by lower-case hub id. Read once.
 * @throws SweepError `SB-MODEL-004` naming the file and member that is not as `RecipeCard` says, or a model named twice
 */
export function recipeBook(): ReadonlyMap<string, RecipeCard> {
  book ??= readCards(FOLDER)
  return book
}

/** The cards of a folder of JSON files, each an array. Throws as `recipeBook` does. */
export function readCards(folder: string): ReadonlyMap<string, RecipeCard> {
  const cards = new Map<string, RecipeCard>()
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()) {
    const parsed = RecipeCard.array().safeParse(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')))
    if (!parsed.success) {
      const missing = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
      throw new SweepError('SB-MODEL-004', { model: file, missing })
    }
    for (const card of parsed.data) {
      const key = card.model.toLowerCase()
      if (cards.has(key)) throw new SweepError('SB-MODEL-004', { model: card.model, missing: `${file} names it a second time` })
      cards.set(key, card)
    }
  }
  return cards
}

/** The card of an embedding model by hub id, letter case aside; null when nothing is known. */
export function embeddingCard(model: string): EmbeddingCard | null {
  const card = recipeBook().get(model.toLowerCase())
  return card?.kind === 'embedding' ? card : null
}

/** The card of a reranker by hub id, letter case aside; null when nothing is known. */
export function rerankerCard(model: string): RerankerCard | null {
  const card = recipeBook().get(model.toLowerCase())
  return card?.kind === 'reranker' ? card : null
}

/**
 * The card a spec's `like` names, which must exist; without one that of `model`, or null.
 * @throws SweepError `SB-MODEL-004` for a `like` the book does not know
 */
export function cardLike(like: string | undefined, model: string | null): EmbeddingCard | null {
  if (like === undefined) return model === null ? null : embeddingCard(model)
  const card = embeddingCard(like)
  if (card !== null) return card
  throw new SweepError('SB-MODEL-004', { model: like, missing: 'the recipe book knows no embedding model of this name' })
}

/**
 * The hub id a folder's path spells: `<org>/<name>`, `<org>__<name>`, or a Hugging Face cache's
 * `models--<org>--<name>/snapshots/<revision>`. Null where it spells none.
 */
export function hubIdOf(folder: string): { readonly model: string; readonly revision: string | null } | null {
  const parts = folder.split(/[/\\]/).filter((part) => part !== '')
  const cached = /^models--(.+?)--(.+)$/.exec(parts.at(-3) ?? '')
  if (cached && parts.at(-2) === 'snapshots') return { model: `${cached[1]}/${cached[2]}`, revision: parts.at(-1) ?? null }
  const joined = /^(.+?)__(.+)$/.exec(parts.at(-1) ?? '')
  if (joined) return { model: `${joined[1]}/${joined[2]}`, revision: null }
  return parts.length < 2 ? null : { model: `${parts.at(-2)}/${parts.at(-1)}`, revision: null }
}
