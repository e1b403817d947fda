import type { Beat, BeatAnswer } from '@sweepboard/contracts'
import { waitUntil } from '@sweepboard/test-kit'
import { afterEach, describe, expect, it } from 'vitest'
import { Heart } from './beat.ts'

/** A heart whose beats wait until the test answers them. */
function openHeart() {
  const sent: { readonly seq: number; readonly answer: PromiseWithResolvers<BeatAnswer> }[] = []
  const told: string[] = []
  const heart = new Heart({
    everyMs: 20,
    compose: (seq) => ({ seq }) as Beat,
    send: ({ seq }) => {
      const answer = Promise.withResolvers<BeatAnswer>()
      sent.push({ seq, answer })
      return answer.promise
    },
    onAnswer: ({ ledger }) => told.push(ledger),
    onAway: () => told.push('away'),
    onBack: () => told.push('back'),
  })
  heart.start()
  const answer = (seq: number) =>
    sent.find((beat) => beat.seq === seq)?.answer.resolve({ stop: [], lanes: {}, ledger: `answer ${seq}` })
  return { heart, sent, told, answer }
}

describe('heart', () => {
  const endings: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const end of endings.splice(0)) await end()
  })
  const open = () => {
    const opened = openHeart()
    endings.push(() => opened.heart.stop(false))
    return opened
  }

  it('sends the next beat beside one that hangs, and tells of the silence and its end once', async () => {
    const { sent, told, answer } = open()
    await waitUntil(() => sent.length >= 3, { what: 'two more beats' })
    expect(told).toEqual(['away'])
    answer(3)
    await waitUntil(() => told.length >= 3, { what: 'the answer' })
    expect(told).toEqual(['away', 'back', 'answer 3'])
  })

  it('does not heed what an older beat is told late, nor its failure', async () => {
    const { sent, told, answer } = open()
    await waitUntil(() => sent.length >= 3, { what: 'two more beats' })
    answer(3)
    answer(1)
    sent[1]?.answer.reject(new Error('the connection is dead'))
    answer(4)
    await waitUntil(() => told.includes('answer 3') && sent.length >= 4, { what: 'one more beat' })
    answer(4)
    await waitUntil(() => told.includes('answer 4'), { what: 'its answer' })
    expect(told.filter((one) => one === 'answer 1' || one === 'away')).toEqual(['away'])
  })

  it('sends one at a time while they are answered, and one more for all changes meanwhile', async () => {
    const { heart, sent, told, answer } = open()
    await waitUntil(() => sent.length === 1, { what: 'the first beat' })
    heart.beatSoon()
    heart.beatSoon()
    expect(sent).toHaveLength(1)
    answer(1)
    await waitUntil(() => sent.length === 2, { what: 'the beat for the changes' })
    expect(told[0]).toBe('answer 1')
  })
})
