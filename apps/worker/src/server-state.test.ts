import { describe, expect, it } from 'vitest'
import { nextServerState, SERVER_MOVES, ServerDeaths, type ServerEvent, type ServerState } from './server-state.ts'

const STATES = Object.keys(SERVER_MOVES) as ServerState[]
const EVENTS: ServerEvent[] = ['start', 'answers', 'exits', 'stop', 'gone', 'cleared', 'wait-over', 'give-up']

describe('states of a server', () => {
  it.each<[ServerState, ServerEvent, ServerState]>([
    ['stopped', 'start', 'starting'],
    ['starting', 'answers', 'ready'],
    ['starting', 'exits', 'died'],
    ['starting', 'stop', 'stopping'],
    ['ready', 'exits', 'died'],
    ['ready', 'stop', 'stopping'],
    ['stopping', 'gone', 'stopped'],
    ['died', 'cleared', 'waiting'],
    ['died', 'give-up', 'closed'],
    ['died', 'stop', 'stopping'],
    ['waiting', 'wait-over', 'starting'],
    ['waiting', 'stop', 'stopping'],
  ])('%s, %s: %s', (from, event, to) => {
    expect(nextServerState(from, event)).toBe(to)
  })

  it('has no other move', () => {
    const moves = STATES.flatMap((state) => EVENTS.filter((event) => SERVER_MOVES[state][event] !== undefined))
    expect(moves).toHaveLength(12)
    expect(() => nextServerState('closed', 'start')).toThrow('a server that is closed cannot start')
    expect(() => nextServerState('ready', 'answers')).toThrow(TypeError)
  })
})

describe('deaths of a server', () => {
  it('three starts in a row that fail are enough', () => {
    const deaths = new ServerDeaths()
    expect([deaths.died('starting'), deaths.died('starting'), deaths.died('starting')]).toEqual([1000, 2000, null])
  })

  it('a start that works is not in that row', () => {
    const deaths = new ServerDeaths()
    deaths.died('starting')
    deaths.died('starting')
    deaths.started()
    expect([deaths.died('starting'), deaths.died('starting'), deaths.died('starting')]).toEqual([1000, 2000, null])
  })

  it('three restarts with nothing encoded in between are enough', () => {
    const deaths = new ServerDeaths()
    const pauses = Array.from({ length: 4 }, () => {
      deaths.started()
      return deaths.died('ready')
    })
    expect(pauses).toEqual([1000, 2000, 4000, null])
  })

  it('what was encoded begins the count anew', () => {
    const deaths = new ServerDeaths()
    for (let i = 0; i < 20; i += 1) {
      expect(deaths.died('ready')).toBe(1000)
      deaths.started()
      deaths.served()
    }
  })
})
