import { Recipe } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { fillInstruction, type InstructionTask } from './instruction.ts'

const recipe = (query: object, document: object = {}) => Recipe.parse({ query, document, similarity: 'cosine', dimensions: 8 })
const QWEN = recipe({ template: 'Instruct: {instruction}\nQuery:{text}' })
const task = (given: Partial<InstructionTask> = {}): InstructionTask => ({
  taskName: 'SciFact',
  taskType: 'Retrieval',
  taskPrompt: { query: 'Given a scientific claim' },
  prompts: { query: {}, document: {} },
  ...given,
})

describe('instruction models (mteb-protocol 2.2 b)', () => {
  it('takes the task prompt of the side, and leaves documents alone', () => {
    const sides = fillInstruction(QWEN, task())
    expect(sides.query).toMatchObject({
      template: 'Instruct: {instruction}\nQuery:{text}',
      instruction: 'Given a scientific claim',
    })
    expect(sides.document).toEqual(QWEN.document)
  })

  it.each([
    [{ SciFact: 'by name', Retrieval: 'by type', query: 'by side' }, 'by name'],
    [{ Retrieval: 'by type', query: 'by side' }, 'by type'],
    [{ query: 'by side' }, 'by side'],
  ])('prefers the model’s prompts %j', (query, expected) => {
    expect(fillInstruction(QWEN, task({ prompts: { query, document: {} } })).query.instruction).toBe(expected)
  })

  it('falls back to the family’s default, and to nothing for a side the task prompt leaves out', () => {
    expect(fillInstruction(QWEN, task({ taskPrompt: null })).query.instruction).toBe('Retrieve text based on user query.')
    const both = recipe({ template: '{instruction} {text}' }, { template: '{instruction} {text}' })
    expect(fillInstruction(both, task()).document).toMatchObject({ template: '{text}', instruction: null })
    expect(fillInstruction(both, task({ taskPrompt: 'one for both' })).document.instruction).toBe('one for both')
  })

  it('lets the matrix choose: none takes the template away, a text replaces the instruction', () => {
    expect(fillInstruction(QWEN, task({ instruction: 'none' })).query).toEqual(QWEN.document)
    expect(fillInstruction(QWEN, task({ instruction: 'Find it' })).query.instruction).toBe('Find it')
  })
})

describe('prompt dictionaries (mteb-protocol 2.2 a)', () => {
  const E5 = recipe({ template: 'query: {text}' }, { template: 'passage: {text}' })
  const prompts = { query: 'query: ', passage: 'passage: ' }

  it('takes the most particular key and prepends it verbatim', () => {
    const own = { ...prompts, Retrieval: 'r: ', 'Retrieval-document': 'rd: ', 'SciFact-query': 'sq: ' }
    const sides = fillInstruction(E5, task({ prompts: { query: own, document: own } }))
    expect([sides.query.template, sides.document.template]).toEqual(['sq: {text}', 'rd: {text}'])
  })

  it('keeps the recipe’s template without a matching key, `passage` among them', () => {
    const sides = fillInstruction(E5, task({ prompts: { query: prompts, document: prompts } }))
    expect(sides).toEqual({ query: E5.query, document: E5.document })
  })

  it('leaves a template the spec wrote alone, whatever the dictionary and the matrix say', () => {
    const closed = { query: null, document: null }
    expect(fillInstruction(E5, task({ prompts: closed, instruction: 'none' }))).toEqual({
      query: E5.query,
      document: E5.document,
    })
  })

  it('ignores a matrix instruction a template has no place for, so the cells coincide', () => {
    const plain = recipe({})
    expect(fillInstruction(plain, task({ instruction: 'Find it' }))).toEqual(fillInstruction(plain, task()))
  })
})
