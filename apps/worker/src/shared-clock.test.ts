import { expect, it } from 'vitest'
import { SharedClock } from './shared-clock.ts'

it('shares each moment among what is under way: the sum is the time that anything was', () => {
  let now = 1000
  const clock = new SharedClock(() => now)
  const endFirst = clock.begin()
  now += 2000
  const endSecond = clock.begin()
  now += 4000
  const first = endFirst()
  now += 1000
  const second = endSecond()
  now += 9000
  const endThird = clock.begin()
  now += 500
  expect([first, second, endThird()]).toEqual([4, 3, 0.5])
})
