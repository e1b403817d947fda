import { describe, expect, it } from 'vitest'
import { SHIPPED_MODELS } from './built-in-models.ts'
import { probeSet } from './probe-set.ts'
import { openTextTokenizer } from './text-tokenizer.ts'

describe('probeSet', () => {
  const { texts, questions } = probeSet()

  it('has 120 texts or more of every kind, all different, with ids of their own', () => {
    expect(texts.length).toBeGreaterThanOrEqual(120)
    const counts = new Map<string, number>()
    for (const { kind } of texts) counts.set(kind, (counts.get(kind) ?? 0) + 1)
    for (const kind of ['english', 'chinese', 'mixed', 'other', 'code', 'formula', 'table', 'long'])
      expect(counts.get(kind), kind).toBeGreaterThanOrEqual(10)
    expect(new Set(texts.map(({ id }) => id)).size).toBe(texts.length)
    expect(new Set(texts.map(({ text }) => text)).size).toBe(texts.length)
    for (const { id, text } of texts) {
      expect(text.trim(), id).toBe(text)
      expect(text.isWellFormed() && text.length > 0, id).toBe(true)
    }
  })

  it('has long texts on both sides of 512 tokens', async () => {
    const [{ folder } = { folder: '' }] = SHIPPED_MODELS
    const tokenizer = await openTextTokenizer(folder, 'pocket')
    const lengths = texts.filter(({ kind }) => kind === 'long').map(({ text }) => tokenizer.bare(text).length)
    expect(lengths.filter((length) => length > 512).length).toBeGreaterThanOrEqual(5)
    expect(lengths.filter((length) => length < 512).length).toBeGreaterThanOrEqual(1)
  })

  it('asks questions with ten different texts each, the answer first', () => {
    expect(questions.length).toBeGreaterThanOrEqual(20)
    for (const { documents } of questions) {
      expect(new Set(documents).size).toBe(10)
      for (const at of documents) expect(texts[at]).toBeDefined()
    }
    const [first] = questions
    expect(texts[first?.documents[0] as number]?.text).toContain('ferry leaves at six')
  })
})
