import { SideRecipe } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { textRenderer } from './template.ts'
import { textCleaner } from './text-cleaning.ts'

describe('text cleaning', () => {
  it.each([
    [['nfkc'], 'ﬁ ① ﾋﾟ', 'fi 1 ピ'],
    [['whitespace'], '\u0085 a\u2003\u001c\n b\u3000', 'a b'],
    [['whitespace'], '\ufeffa\ufeff', '\ufeffa\ufeff'], // no white space to Python
    [['punctuation'], 'what?!?! really... --yes--', 'what?!?! really. -yes-'],
    [['nfkc', 'punctuation', 'whitespace'], 'ａ！！\u00a0\u00a0ｂ', 'a! b'],
  ] as const)('%j', (steps, text, cleaned) => {
    expect(textCleaner([...steps])(text)).toBe(cleaned)
  })

  it('cleans the text, never the template or the instruction', () => {
    const side = SideRecipe.parse({
      template: 'Ｑ:  {instruction} {text}',
      instruction: 'ｉ  x',
      cleaning: ['nfkc', 'whitespace'],
    })
    expect(textRenderer(side)(' ａ  b ')).toBe('Ｑ:  ｉ  x a b')
    expect(textRenderer(SideRecipe.parse({ cleaning: ['nfkc'] }))('ａ')).toBe('a')
  })
})
