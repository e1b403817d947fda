/** What a row of the board is known by. */
interface Named {
  readonly model: string
  readonly revision: string
  readonly variant: string
  readonly config: object | null
  /** Shown where it is there; the config's own similarity is not. */
  readonly otherSimilarity?: string
  readonly origin: string
  readonly recipe: string | null
}

const DIGITS = 7

/** A revision in brief: of a hexadecimal one the first digits, any other whole, since a part of a word says nothing. */
export function briefRevision(revision: string, digits = DIGITS): string {
  return /^[0-9a-f]{8,}$/i.test(revision) ? revision.slice(0, digits) : revision
}

/**
 * What is written behind each row's model so that no two rows read alike: nothing where model, variant, config and origin do it, else
 * `@` and the revision, briefly where that does, else `#` and the first 7 digits of the recipe's key: one model by two engines, or behind a URL where the weights
 * were changed.
 */
export function tellApart(rows: readonly Named[]): string[] {
  const seen = ({ model, variant, config, otherSimilarity, origin }: Named) =>
    JSON.stringify([model, variant, config && { ...config, similarity: otherSimilarity ?? null }, origin])
  const marks = rows.map(() => '')
  for (const alike of Map.groupBy(rows.keys(), (i) => seen(rows[i] as Named)).values()) {
    if (alike.length === 1) continue
    const members = alike.map((i) => rows[i] as Named)
    const choices = [
      members.map(({ revision }) => `@${briefRevision(revision)}`),
      members.map(({ revision }) => `@${revision}`),
      members.map(({ recipe }) => `#${(recipe ?? '').slice(0, DIGITS)}`),
    ]
    const told = choices.find((texts) => new Set(texts).size === texts.length) ?? members.map(({ recipe }) => `#${recipe ?? ''}`)
    for (const [at, i] of alike.entries()) marks[i] = told[at] as string
  }
  return marks
}

/** What a row of the board is found under, among resources and evidence: equal names, equal recipes. */
export function recipeName({ recipeKey, recipeVariant }: { readonly recipeKey: string; readonly recipeVariant: string }): string {
  return recipeVariant === '' ? recipeKey : `${recipeKey} ${recipeVariant}`
}
