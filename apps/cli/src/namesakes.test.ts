import { expect, it } from 'vitest'
import { sayNamesakes } from './namesakes.ts'

const sweep = (id: string, state: 'running' | 'paused' | 'done', name = 'heavy') => ({ id, name, state })

it('names the other sweeps of a name that are not ended, and says nothing where an id or a name alone was meant', () => {
  const sweeps = [sweep('s3', 'running'), sweep('s2', 'running'), sweep('s1', 'done'), sweep('s0', 'running', 'light')]
  expect(sayNamesakes(sweeps, { name: 'heavy', taken: 's3' })).toBe(
    'this is the newest of its name, s3; 1 more sweep of this name is not ended: s2 (running). Give an id to mean another',
  )
  expect(sayNamesakes([...sweeps, sweep('s4', 'paused')], { name: 'heavy', taken: 's3' })).toContain(
    '2 more sweeps of this name are',
  )
  expect(sayNamesakes(sweeps, { name: 's3', taken: 's3' })).toBeNull()
  expect(sayNamesakes(sweeps, { name: 'light', taken: 's0' })).toBeNull()
})
