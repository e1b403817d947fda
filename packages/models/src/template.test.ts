import { SideRecipe } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { countEmpty, templateFaults, textRenderer } from './template.ts'

const render = (side: object, text: string) => textRenderer(SideRecipe.parse(side))(text)

describe('textRenderer', () => {
  it('fills both places in one pass: a text that looks like a place stays as it is', () => {
    const side = { template: 'Instruct: {instruction}\nQuery:{text}', instruction: 'find {text} and $& it' }
    expect(render(side, 'about {instruction} $1')).toBe('Instruct: find {text} and $& it\nQuery:about {instruction} $1')
  })

  it('drops an instruct template without an instruction, as MTEB does', () => {
    expect(render({ template: 'Instruct: {instruction}\nQuery:{text}' }, 'x')).toBe('x')
    expect(render({ template: 'Instruct: {instruction}\nQuery:{text}', instruction: '' }, 'x')).toBe('x')
  })

  it.each(['no place', '{text} and {text}'])('refuses the template %j', (template) => {
    expect(() => render({ template }, 'x')).toThrow(/SB-MODEL-004/)
  })
})

it('counts texts of white space only', () => {
  expect(countEmpty(['', ' \n\t', 'a', '\u3000'])).toBe(3)
})

it.each([
  [{ template: '{text}', instruction: null }, 0],
  [{ template: 'a {instruction}: {text}', instruction: 'b' }, 0],
  [{ template: '{"json": [{text}]}', instruction: null }, 0],
  [{ template: '{text} {text}', instruction: null }, 1],
  [{ template: '{instr}{text} {query}', instruction: null }, 1],
  [{ template: 'q: {text}', instruction: 'left out' }, 1],
  [{ template: '{query}', instruction: 'left out' }, 3],
])('finds all mistakes of %j', (side, count) => expect(templateFaults(side)).toHaveLength(count))
