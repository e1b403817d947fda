import { describe, expect, it } from 'vitest'
import { unclaimedBy, unclaimedLanguages } from './claimed-language.ts'

describe('claimed languages', () => {
  it('compares codes of two and of three letters, whatever their script and region', () => {
    expect(unclaimedLanguages(['en'], ['eng-Latn'])).toEqual([])
    expect(unclaimedLanguages(['zh', 'en'], ['cmn-Hans'])).toEqual([])
    expect(unclaimedLanguages(['zho'], ['cmn-Hant'])).toEqual([])
    expect(unclaimedLanguages(['pt-BR', 'deu'], ['por-Latn', 'deu-Latn'])).toEqual([])
    expect(unclaimedLanguages(['no'], ['nob-Latn'])).toEqual([])
    expect(unclaimedLanguages(['en'], ['eng-Latn', 'cmn-Hans'])).toEqual(['cmn-Hans'])
  })
  it('says nothing of a model that does not say, or claims many', () => {
    for (const claimed of [null, undefined, [], ['multilingual'], ['en', 'mul'], ['a language of its own']])
      expect(unclaimedLanguages(claimed, ['cmn-Hans'])).toEqual([])
    expect(unclaimedLanguages(['en'], ['python-Code'])).toEqual([])
  })
  it('asks every model of a score', () => {
    expect(unclaimedBy([{ languages: ['en', 'zh'] }, { languages: ['en'] }, {}], ['cmn-Hans'])).toEqual(['cmn-Hans'])
  })
})
