const MASK = '***'
/** Shorter words would be found everywhere. */
const LEAST = 6

/**
 * What takes secrets out of a text: the given ones, as they are, as JSON writes them and as a URL does; the login of any Redis or HTTP
 * address; what follows `Bearer`.
 */
export function maskOf(secrets: readonly (string | null | undefined)[]): (text: string) => string {
  const words = secrets.filter((word): word is string => typeof word === 'string' && word.length >= LEAST)
  const forms = new Set(words.flatMap((word) => [word, JSON.stringify(word).slice(1, -1), encodeURIComponent(word)]))
  const longest = [...forms].sort((a, b) => b.length - a.length)
  return (text) => {
    let masked = text
    for (const form of longest) masked = masked.replaceAll(form, MASK)
    return masked
      .replace(/\b(rediss?|https?):\/\/[^\s"'@/]*@/g, `$1://${MASK}@`)
      .replace(/\bBearer [^\s"'\\]+/g, `Bearer ${MASK}`)
  }
}
