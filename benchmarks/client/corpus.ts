import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Words of SciFact's abstracts: 213 on average, a tenth above 330. */
const MEDIAN_WORDS = 200
const SPREAD = 0.4
const MOST_WORDS = 900
const QUERY_WORDS = 13

/** Texts as long as SciFact's, no two equal; the same for one seed. */
export function documentTexts(count: number, seed: number): string[] {
  const random = generator(seed)
  return Array.from({ length: count }, (_, i) => {
    const normal = Math.sqrt(-2 * Math.log(random() || 1e-9)) * Math.cos(2 * Math.PI * random())
    const words = Math.min(MOST_WORDS, Math.max(20, Math.round(MEDIAN_WORDS * Math.exp(SPREAD * normal))))
    return `${made(words - 1, random)} d${seed}x${i}`
  })
}

/** A retrieval task of such documents, query i about document i. */
export function writeCorpus(root: string, name: string, by: { documents: number; queries: number; seed: number }): string {
  const folder = join(root, name)
  mkdirSync(join(folder, 'qrels'), { recursive: true })
  const random = generator(by.seed + 77)
  const lines = (texts: readonly string[], letter: string) =>
    texts.map((text, i) => `${JSON.stringify({ _id: `${letter}${i}`, text })}\n`).join('')
  const queries = Array.from({ length: by.queries }, (_, i) => `${made(QUERY_WORDS - 1, random)} q${by.seed}x${i}`)
  writeFileSync(join(folder, 'corpus.jsonl'), lines(documentTexts(by.documents, by.seed), 'd'))
  writeFileSync(join(folder, 'queries.jsonl'), lines(queries, 'q'))
  const judged = queries.map((_, i) => `q${i}\td${i}\t1\n`).join('')
  writeFileSync(join(folder, 'qrels', 'test.tsv'), `query-id\tcorpus-id\tscore\n${judged}`)
  return folder
}

function made(words: number, random: () => number): string {
  return Array.from({ length: words }, () => WORDS[Math.floor(random() * WORDS.length)]).join(' ')
}

const WORDS =
  'the of and in to cells with a protein is for expression that by gene are was as from human induced activity mice on patients cell we these disease an receptor factor study results tumor response data show levels risk'.split(
    ' ',
  )

function generator(seed: number): () => number {
  let state = seed * 7919 + 1
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
