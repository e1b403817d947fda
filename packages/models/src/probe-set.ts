import { readFileSync } from 'node:fs'

/** One text of the built-in probe set. */
export interface ProbeText {
  readonly id: string
  /** `english`, `chinese`, `mixed`, `other`, `code`, `formula`, `table` or `long`. */
  readonly kind: string
  readonly text: string
}

/** A question with ten texts of the set, the one that answers it first. */
export interface ProbeQuestion extends ProbeText {
  /** Places in the set's `texts`. */
  readonly documents: readonly number[]
}

export interface ProbeSet {
  /** Grows whenever a text changes: agreements of two versions are not comparable. */
  readonly version: number
  readonly texts: readonly ProbeText[]
  readonly questions: readonly ProbeQuestion[]
}

interface ProbeFile {
  readonly version: number
  /** A text, or the ids of texts that stand in it one after the other. */
  readonly texts: readonly ({ readonly id: string; readonly kind: string } & (
    | { readonly text: string }
    | { readonly parts: readonly string[] }
  ))[]
  readonly questions: readonly { readonly id: string; readonly kind: string; readonly text: string; readonly answer: string }[]
}

const FILE = new URL('../data/probe-set.json', import.meta.url)
const DOCUMENTS_PER_QUESTION = 10
/** Has no common divisor with the number of texts, so that the documents of a question are of many kinds and none comes twice. */
const STRIDE = 13

/** Texts of our own writing that two engines of one model are compared on; the longest go beyond 512 tokens of any tokenizer. */
export function probeSet(): ProbeSet {
  const file = JSON.parse(readFileSync(FILE, 'utf8')) as ProbeFile
  const byId = new Map<string, string>()
  const texts = file.texts.map((entry) => {
    const text = 'text' in entry ? entry.text : entry.parts.map((id) => byId.get(id) as string).join('\n\n')
    byId.set(entry.id, text)
    return { id: entry.id, kind: entry.kind, text }
  })
  const questions = file.questions.map(({ answer, ...question }) => {
    const first = texts.findIndex(({ id }) => id === answer)
    const documents = Array.from({ length: DOCUMENTS_PER_QUESTION }, (_, i) => (first + i * STRIDE) % texts.length)
    return { ...question, documents }
  })
  return { version: file.version, texts, questions }
}
