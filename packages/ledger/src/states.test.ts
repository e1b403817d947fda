import { describe, expect, it } from 'vitest'
import { CELL, CHUNK, ENCODING, LEASE, nextState, PREPARATION, SWEEP, WANT } from './states.ts'

const TRANSITIONS = [
  [
    'sweep',
    SWEEP,
    [
      'none submit running',
      'running pause paused',
      'paused resume running',
      'running cancel cancelled',
      'paused cancel cancelled',
      'running finish done',
      'paused finish done',
      'done retry running',
      'cancelled retry running',
    ],
  ],
  ['want', WANT, ['open settle closed', 'closed reopen open']],
  [
    'cell',
    CELL,
    [
      'waiting score scored',
      'waiting fail failed',
      'failed score scored',
      'failed reopen stale',
      'stale score scored',
      'stale fail failed',
    ],
  ],
  [
    'chunk',
    CHUNK,
    [
      'todo lease leased',
      'todo commit done',
      'leased commit done',
      'failed commit done',
      'leased close todo',
      'todo fail failed',
      'leased fail failed',
      'failed reopen todo',
      'done revoke todo',
      'done forget todo',
    ],
  ],
  ['lease', LEASE, ['none send sent', 'sent claim claimed', 'sent close gone', 'claimed close gone']],
  [
    'preparation',
    PREPARATION,
    [
      'none submit wanted',
      'wanted prepare prepared',
      'wanted fail failed',
      'failed reopen wanted',
      'failed prepare prepared',
      'prepared damage wanted',
    ],
  ],
  ['encoding', ENCODING, ['partial lastCommit complete', 'complete revoke partial', 'complete forget partial']],
] as const

describe.each(TRANSITIONS)('%s', (_name, machine, named) => {
  const listed = Object.entries(machine).flatMap(([from, events]) =>
    Object.entries(events).map(([event, to]) => `${from} ${event} ${to}`),
  )

  it.each(named)('%s', (line) => {
    const [from = '', event = '', to] = line.split(' ')
    expect(nextState(machine, from as never, event)).toBe(to)
  })

  it('has no transition that is not named here', () => {
    expect([...listed].sort()).toEqual([...named].sort())
  })

  it('leads only to states that it has', () => {
    for (const line of listed) expect(Object.keys(machine)).toContain(line.split(' ')[2])
  })
})

it('refuses what is not listed, inherited names too', () => {
  expect(nextState(CELL, 'scored', 'fail')).toBeNull()
  expect(nextState(LEASE, 'gone', 'claim')).toBeNull()
  expect(nextState(SWEEP, 'running', 'toString')).toBeNull()
})
