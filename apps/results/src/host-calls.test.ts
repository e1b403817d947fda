import { describe, expect, it } from 'vitest'
import { HostCalls } from './host-calls.ts'

const never = new AbortController().signal

describe('calls of hosts', () => {
  it('answer who waits, who was called before it asked, and nobody else', async () => {
    const calls = new HostCalls()
    const [one, again, other] = [calls.wait('a', never), calls.wait('a', never), calls.wait('b', never)]
    calls.call('a')
    expect(await Promise.all([one, again])).toEqual([true, true])
    expect(await calls.wait('a', never)).toBe(true)
    calls.heard('a')
    const later = calls.wait('a', never)
    calls.close()
    expect(await Promise.all([later, other, calls.wait('c', never)])).toEqual([false, false, false])
  })

  it('hold a question no longer than said, and not for a client that is gone', async () => {
    expect(await new HostCalls(1).wait('a', never)).toBe(false)
    const gone = new AbortController()
    const waiting = new HostCalls().wait('a', gone.signal)
    gone.abort()
    expect(await waiting).toBe(false)
  })
})
