import { expect, it } from 'vitest'
import { attendedClock } from './attended-clock.ts'

it('passes with the time, but for what nobody looked at', () => {
  let time = 500
  const clock = attendedClock(() => time, 2000)
  expect(clock()).toBe(0)
  time += 1999
  expect(clock()).toBe(1999)
  time += 60_000
  expect(clock()).toBe(3999)
  expect(clock()).toBe(3999)
  time += 1
  expect(clock()).toBe(4000)
})
