/**
 * What a row of the board says beside its model (`shownVariant`), where there is little room: `with mteb/baseline-bm25s 0.3 · top 20
 * by org/tiny · cut at top 5` becomes `bm25 0.3`, `tiny@20`, `top 5`; empty for a model's own recipe. For eyes only: two rows may look
 * alike here; the whole text names them. The web page imports this file alone: it imports nothing.
 */
export function briefParts(variant: string): string[] {
  return variant === '' ? [] : variant.split(' · ').map(brief)
}

/** The brief parts in one text. */
export function briefVariant(variant: string): string {
  return briefParts(variant).join(' · ')
}

function brief(part: string): string {
  const reranked = /^top (\d+)( only)? by (.+)$/.exec(part)
  if (reranked) return `${withoutOrganisation(reranked[3] as string)}@${reranked[1]}${reranked[2] ?? ''}`
  const fused = /^with (\S+) (.+)$/.exec(part)
  if (fused) {
    const name = withoutOrganisation(fused[1] as string)
    return `${name === 'baseline-bm25s' ? 'bm25' : name} ${fused[2] === 'by reciprocal rank' ? 'rrf' : fused[2]}`
  }
  return part.replace(/^cut at /, '')
}

function withoutOrganisation(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1)
}
