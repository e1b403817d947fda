import { expect, it } from 'vitest'
import { JointWork } from './joint-work.ts'

it('goes on while anybody waits, and ends with the last who leaves', async () => {
  let isEnded = false
  const work = new JointWork<string>(async (signal) => {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    isEnded = true
    signal.throwIfAborted()
    return 'unreached'
  })
  const [one, other] = [new AbortController(), new AbortController()]
  const [first, second] = [work.join(one.signal), work.join(other.signal)]
  one.abort(new Error('one'))
  await expect(first).rejects.toThrow('one')
  expect([isEnded, work.isAbandoned]).toEqual([false, false])
  other.abort(new Error('other'))
  await expect(second).rejects.toThrow('other')
  expect([isEnded, work.isAbandoned]).toEqual([true, true])
})

it('gives all who wait its one outcome', async () => {
  const { promise, resolve } = Promise.withResolvers<number>()
  const work = new JointWork(() => promise)
  const { signal } = new AbortController()
  const both = [work.join(signal), work.join(signal)]
  resolve(7)
  expect(await Promise.all(both)).toEqual([7, 7])
  expect(await work.join(signal)).toBe(7)
})
