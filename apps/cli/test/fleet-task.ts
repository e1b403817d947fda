import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface TaskSize {
  readonly documents: number
  readonly queries: number
  /** About six bytes each; 256 KiB of text are one chunk. */
  readonly words: number
  readonly seed: number
}

/**
 * Writes a retrieval task of made-up words: query i asks with a few words of document i, which alone is relevant. Every text
 * ends with a word of its own, so no two texts of all generated tasks are equal.
 */
export function writeTask(root: string, name: string, size: TaskSize): string {
  const folder = join(root, name)
  mkdirSync(join(folder, 'qrels'), { recursive: true })
  const next = generator(size.seed)
  const word = () => `w${(next() % 2000).toString(36).padStart(4, '0')}`
  const documents = Array.from({ length: size.documents }, (_, i) => [
    ...Array.from({ length: size.words }, word),
    `${name}-d${i}`,
  ])
  const queries = Array.from({ length: size.queries }, (_, i) => {
    const from = documents[i] as string[]
    return [...Array.from({ length: 6 }, () => from[next() % size.words] as string), word(), word(), `${name}-q${i}`]
  })
  const rows = (texts: string[][], letter: string) =>
    texts.map((words, i) => `${JSON.stringify({ _id: `${letter}${i}`, text: words.join(' ') })}\n`).join('')
  writeFileSync(join(folder, 'corpus.jsonl'), rows(documents, 'd'))
  writeFileSync(join(folder, 'queries.jsonl'), rows(queries, 'q'))
  writeFileSync(
    join(folder, 'qrels', 'test.tsv'),
    `query-id\tcorpus-id\tscore\n${queries.map((_, i) => `q${i}\td${i}\t1\n`).join('')}`,
  )
  return folder
}

/** Park and Miller's generator: the same task on every machine. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state
  }
}
