import { SideRecipe } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { type Sides, sidesChanges } from './recipe-parts.ts'

const side = (given: object = {}): SideRecipe => SideRecipe.parse({ pooling: 'mean', maxTokens: 256, normalize: true, ...given })
const sides: Sides = { query: side({ template: 'query: {text}' }), document: side() }

function changesOf(given: Partial<Parameters<typeof sidesChanges>[0]> = {}) {
  const facts = { sides, known: [], closingTokens: [], ...given }
  return sidesChanges(facts).map(({ part, change, apply }) => ({ part, change, sides: apply(facts.sides) }))
}

describe('changes of one part', () => {
  it('changes that part and nothing else, each to something new', () => {
    const found = changesOf({ closingTokens: ['</s>'] })
    expect([...new Set(found.map(({ part }) => part))]).toEqual(['prompt', 'closing token', 'pooling', 'max tokens', 'cleaning'])
    const members = { prompt: ['template'], 'closing token': ['closingToken'], pooling: ['pooling'], 'max tokens': ['maxTokens'] }
    for (const { part, sides: changed } of found) {
      const differing = (['query', 'document'] as const).flatMap((name) =>
        (Object.keys({ ...sides[name], ...changed[name] }) as (keyof SideRecipe)[]).filter(
          (key) => JSON.stringify(sides[name][key]) !== JSON.stringify(changed[name][key]),
        ),
      )
      expect([...new Set(differing)], part).toEqual(part === 'cleaning' ? ['cleaning'] : members[part as keyof typeof members])
    }
    const keys = found.map((one) => JSON.stringify(one.sides))
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('takes the prompt off, to the other side, and to both', () => {
    const prompts = changesOf().filter(({ part }) => part === 'prompt')
    const templates = prompts.map(({ change, sides: { query, document } }) => [change, query.template, document.template])
    expect(templates).toEqual([
      ['off', '{text}', '{text}'],
      ['on the other side', '{text}', 'query: {text}'],
      ["the query's on both sides", 'query: {text}', 'query: {text}'],
    ])
  })

  it('tries first what the model itself says, prompt and length and pooling', () => {
    const own = {
      query: side({ template: 'q: {text}', pooling: 'cls', maxTokens: 77 }),
      document: side({ pooling: 'cls', maxTokens: 77 }),
    }
    const bare = { query: side({ template: '{text}' }), document: side() }
    const found = changesOf({ sides: bare, known: [{ from: 'the model itself', sides: own }] })
    expect(found.find(({ part }) => part === 'prompt')).toMatchObject({
      change: 'as the model itself says: query "q: ", document none',
      sides: { query: { template: 'q: {text}', pooling: 'mean', maxTokens: 256 } },
    })
    expect(found.find(({ part }) => part === 'max tokens')?.change).toBe('77 instead of 256')
    expect(found.find(({ part }) => part === 'pooling')?.change).toBe('cls instead of mean')
  })

  it('leaves pooling alone where the model pools by itself', () => {
    const inside = { query: side({ pooling: 'none' }), document: side({ pooling: 'none' }) }
    expect(changesOf({ sides: inside }).filter(({ part }) => part === 'pooling')).toEqual([])
  })
})
