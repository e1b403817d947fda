import { expect, it } from 'vitest'
import { tellApart } from './tell-apart.ts'

const row = (over: object) => ({
  model: 'org/x',
  revision: 'a'.repeat(40),
  variant: '',
  config: { dimensions: null, precision: 'float32', similarity: 'cosine' } as const,
  origin: 'ours' as const,
  recipe: 'c'.repeat(64),
  ...over,
})

it('says nothing where rows differ in what is shown', () => {
  const published = row({ origin: 'published', config: null, recipe: null })
  expect(tellApart([row({}), row({ variant: 'no instruction' }), row({ model: 'org/y' }), published])).toEqual(['', '', '', ''])
})

it('names revisions, briefly where that is enough, and recipes of one revision', () => {
  const other = row({ revision: 'b'.repeat(40) })
  expect(tellApart([row({}), other, row({ model: 'org/y' })])).toEqual(['@aaaaaaa', '@bbbbbbb', ''])
  expect(tellApart([row({}), row({ revision: `${'a'.repeat(39)}b` })])).toEqual([`@${'a'.repeat(40)}`, `@${'a'.repeat(39)}b`])
  expect(tellApart([row({ revision: 'external' }), row({ revision: 'no_revision_available' })])).toEqual([
    '@external',
    '@no_revision_available',
  ])
  expect(tellApart([row({}), row({ recipe: 'd'.repeat(64) })])).toEqual(['#ccccccc', '#ddddddd'])
})

it('tells rows apart by a similarity only where it is shown', () => {
  const dot = { config: { dimensions: null, precision: 'float32', similarity: 'dot' } as const, recipe: 'd'.repeat(64) }
  expect(tellApart([row({}), row({ ...dot, otherSimilarity: 'dot' })])).toEqual(['', ''])
  expect(tellApart([row({}), row(dot)])).toEqual(['#ccccccc', '#ddddddd'])
})
