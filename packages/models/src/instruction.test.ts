import { existsSync, readFileSync } from 'node:fs'
import { Recipe } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { fillInstruction, type InstructionTask } from './instruction.ts'

const TASKS = new URL('../../../../shared/specs/mteb-tasks.json', import.meta.url)

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

describe('families without sides (mteb-protocol 2.2)', () => {
  it('gives both sides the query form, with the family’s default where the task has no prompt', () => {
    const sides = fillInstruction(QWEN, task({ taskType: 'STS', taskName: 'STS12', taskPrompt: null }))
    expect(sides.document).toEqual(sides.query)
    expect(sides.query).toMatchObject({
      template: 'Instruct: {instruction}\nQuery:{text}',
      instruction: 'Retrieve semantically similar text.',
    })
    const named = fillInstruction(QWEN, task({ taskType: 'BitextMining', taskPrompt: { query: 'first', document: 'second' } }))
    expect(named.query.instruction).toBe('first')
  })

  it('uses no side’s prompt, only the task’s, the family’s and the config’s default', () => {
    const E5 = recipe({ template: 'query: {text}' }, { template: 'passage: {text}' })
    const own = { query: 'query: ', document: 'passage: ' }
    const templateOf = (given: Partial<InstructionTask>) =>
      fillInstruction(E5, task({ taskType: 'STS', ...given })).query.template
    expect(templateOf({ prompts: { query: own, document: own } })).toBe('{text}')
    expect(templateOf({ prompts: { query: own, document: own, fallback: 'd: ' } })).toBe('d: {text}')
    expect(templateOf({ prompts: { query: { ...own, STS: 's: ' }, document: own } })).toBe('s: {text}')
    expect(templateOf({ prompts: { query: { ...own, 'STS-query': 'x' }, document: own } })).toBe('{text}')
    expect(templateOf({ prompts: { query: null, document: null } })).toBe('query: {text}') // the spec's own words stand
  })

  it('picks the adapter of the side or the family', () => {
    const adapters = { 'Retrieval-query': 0, 'Retrieval-document': 1, STS: 4 }
    const prompts = { query: {}, document: {}, adapters }
    const of = (given: Partial<InstructionTask>) => {
      const { query, document } = fillInstruction(recipe({}), task({ prompts, ...given }))
      return [query.adapter, document.adapter]
    }
    expect(of({})).toEqual([0, 1])
    expect(of({ taskType: 'STS' })).toEqual([4, 4])
    expect(of({ taskType: 'Clustering' })).toEqual([undefined, undefined])
  })
})

describe.skipIf(!existsSync(TASKS))('every task of mteb 2.20.0 (skipped without ../shared/specs/mteb-tasks.json)', () => {
  it('resolves to the instruction mteb itself resolved', () => {
    interface Listed {
      name: string
      type: string
      prompt: string | Record<string, string> | null
      instruction: { query?: string; document?: string; symmetric?: string } | null
    }
    const tasks = (JSON.parse(readFileSync(TASKS, 'utf8')).tasks as Listed[]).filter((one) => one.instruction !== null)
    expect(tasks.length).toBeGreaterThan(200)
    const TEMPLATE = { template: '{instruction} {text}' }
    for (const { name, type, prompt, instruction } of tasks) {
      const given = { taskName: name, taskType: type, taskPrompt: prompt, prompts: { query: {}, document: {} } }
      const sides = fillInstruction(recipe(TEMPLATE, TEMPLATE), given)
      const { query = '', document = '', symmetric } = instruction ?? {}
      expect([name, sides.query.instruction ?? '', sides.document.instruction ?? '']).toEqual(
        symmetric === undefined ? [name, query, document] : [name, symmetric, symmetric],
      )
    }
  })
})
