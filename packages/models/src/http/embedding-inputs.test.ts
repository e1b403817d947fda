import { SideRecipe } from '@sweepboard/contracts'
import { StubModel } from '@sweepboard/test-kit'
import { expect, it } from 'vitest'
import { TextTokenizer } from '../text-tokenizer.ts'
import { prepareInputs } from './embedding-inputs.ts'

const DECOMPOSED = 'cafe\u0301 w1'
const COMPOSED = 'caf\u00e9 w1'

async function sent(normalizer: unknown, sends: 'text' | 'tokens', texts: readonly string[]) {
  const definition = JSON.parse(String(new StubModel([COMPOSED, DECOMPOSED]).files['tokenizer.json']))
  const tokenizer = new TextTokenizer({ ...definition, normalizer }, {}, null)
  const inputs = await prepareInputs({ tokenizer, sends }, SideRecipe.parse({}), { texts, signal: undefined })
  return { tokenizer, inputs: inputs.map(({ input }) => input) }
}

it('texts go in the form their tokenizer composes them to, which llama.cpp and Ollama leave out', async () => {
  for (const normalizer of [{ type: 'NFC' }, { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Lowercase' }] }]) {
    expect((await sent(normalizer, 'text', [DECOMPOSED, 'w1'])).inputs).toEqual([COMPOSED, 'w1'])
    const { tokenizer, inputs } = await sent(normalizer, 'tokens', [DECOMPOSED, COMPOSED])
    expect(inputs[0]).toEqual(inputs[1])
    // A mark behind a special token would change it.
    const marked = '[SEP]\u0338'
    expect(tokenizer.composed(marked)).toBe(marked)
  }
})

it('texts go as they are where their tokenizer composes nothing', async () => {
  expect((await sent(null, 'text', [DECOMPOSED])).inputs).toEqual([DECOMPOSED])
  expect((await sent({ type: 'Lowercase' }, 'text', [DECOMPOSED])).inputs).toEqual([DECOMPOSED])
})
