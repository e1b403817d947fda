import { describe, expect, it } from 'vitest'
import { Turn } from './turn.ts'

const never = new AbortController().signal
const settled = async (promise: Promise<unknown>) => {
  const mark = Symbol('pending')
  await new Promise((resolve) => setImmediate(resolve))
  return (await Promise.race([promise, Promise.resolve(mark)])) !== mark
}

describe('Turn', () => {
  it('lets shared holders in together and an exclusive one alone, in order of asking', async () => {
    const turn = new Turn()
    const a = await turn.take('shared', never)
    const b = await turn.take('shared', never)
    const alone = turn.take('exclusive', never)
    const later = turn.take('shared', never)
    a()
    a()
    expect(await settled(alone)).toBe(false)
    b()
    const release = await alone
    expect(await settled(later)).toBe(false)
    release()
    await later
  })

  it('an abort leaves the queue, and does not hold up who stands behind', async () => {
    const turn = new Turn()
    const first = await turn.take('shared', never)
    const controller = new AbortController()
    const alone = turn.take('exclusive', controller.signal)
    const behind = turn.take('shared', never)
    controller.abort()
    await expect(alone).rejects.toThrow()
    await behind
    first()
  })
})
