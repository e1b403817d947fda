import { LAUNCHER_NAMES } from '@sweepboard/models'
import { EngineSpec } from '@sweepboard/planner'
import { describe, expect, it } from 'vitest'
import { toEngineChoice } from './engine-choice.ts'

const choice = (engine: unknown) => toEngineChoice(EngineSpec.parse(engine))

describe('toEngineChoice', () => {
  it.each(LAUNCHER_NAMES)('starts %s, by its bare name, without settings, and with them', (name) => {
    expect(choice(name)).toEqual({ launch: { name } })
    expect(choice({ [name]: null })).toEqual({ launch: { name } })
    expect(choice({ [name]: { dtype: 'float16', timeout: '2m' } })).toEqual({
      launch: { name, dtype: 'float16', timeout: 120_000 },
    })
  })

  it('starts a host’s own launcher by its name there', () => {
    expect(choice({ launch: { name: 'mine', dialect: 'tei', device: 'cpu' } })).toEqual({
      launch: { name: 'mine', dialect: 'tei', device: 'cpu' },
    })
  })

  it('leaves servers with a URL where they are', () => {
    expect(choice({ tei: { url: 'http://h', timeout: '5s' } })).toEqual({ tei: { url: 'http://h', timeout: 5000 } })
    expect(choice({ ollama: { url: 'http://h', model: 'm' } })).toEqual({ ollama: { url: 'http://h', model: 'm' } })
    expect(choice({ openai: { url: 'http://h/v1', rate: { requests: '60/m' } } })).toMatchObject({
      openai: { url: 'http://h/v1' },
    })
    expect(choice('onnx')).toBe('onnx')
  })
})
