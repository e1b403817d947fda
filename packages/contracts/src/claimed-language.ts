import type { Load } from './recipe.ts'

/**
 * Languages of a task subset that none of a model's claims covers, as the task spells them; empty where the model does not say what it
 * claims, or says `multilingual`.
 *
 * @param claimed as a model card spells them: `zh`, `eng`, `pt-BR`; names that are no codes are passed over
 * @param languages as MTEB writes them: `cmn-Hans`, `deu-Latn`; code (`python-Code`) is no language
 */
export function unclaimedLanguages(claimed: readonly string[] | null | undefined, languages: readonly string[]): string[] {
  if (!claimed || claimed.some((claim) => /^(multilingual|mul)$/i.test(claim.trim()))) return []
  const known = new Set(claimed.flatMap((claim) => languageOf(claim) ?? []))
  if (known.size === 0) return []
  return languages.filter((language) => {
    const wanted = language.endsWith('-Code') ? null : languageOf(language)
    return wanted !== null && !known.has(wanted)
  })
}

/** The same of every model that had a part in a score: the first stage, and the reranker over it. */
export function unclaimedBy(loads: readonly Pick<Load, 'languages'>[], languages: readonly string[]): string[] {
  return [...new Set(loads.flatMap((load) => unclaimedLanguages(load.languages, languages)))]
}

/** The shortest code of a language (`cmn` and `zho` are `zh`), region and script left off; null for what is no code. */
function languageOf(text: string): string | null {
  const [code = ''] = text.trim().split(/[-_]/)
  if (!/^[a-z]{2,3}$/i.test(code)) return null
  const [short = null] = Intl.getCanonicalLocales(code)
  return short === 'no' ? 'nb' : short
}
