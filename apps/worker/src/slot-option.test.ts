import { SweepError } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import type { GpuDevice } from './gpu-device.ts'
import { parseSlots, wantsGpus } from './slot-option.ts'

const gpu = (index: number, more: Partial<GpuDevice> = {}): GpuDevice => ({
  index,
  uuid: `GPU-${index}`,
  name: 'NVIDIA GeForce RTX 4090',
  memoryBytes: 24e9,
  usedBytes: 0,
  driver: '570.86.15',
  isMig: false,
  mig: [],
  ...more,
})
const CUT = gpu(3, {
  isMig: true,
  mig: [
    { uuid: 'MIG-a', number: 0, profile: '2g.20gb' },
    { uuid: 'MIG-b', number: 1, profile: '1g.10gb' },
  ],
})
const GPUS = [gpu(0), gpu(1), gpu(2), CUT]

function mistakesOf(text: string, gpus = GPUS): string[] {
  try {
    parseSlots(text, gpus)
  } catch (error) {
    if (error instanceof SweepError) return error.mistakes.map(({ code }) => code)
    throw error
  }
  throw new Error(`"${text}" was taken`)
}

describe('parseSlots', () => {
  it('reads devices, counts and lists; ids count up by device', () => {
    expect(parseSlots('cpu')).toEqual([{ id: 'cpu0', device: 'cpu', devices: [] }])
    expect(parseSlots('cpu, 2xendpoint,cpu').map(({ id }) => id)).toEqual(['cpu0', 'endpoint0', 'endpoint1', 'cpu1'])
  })

  it('names GPUs alone and joined, by number and UUID', () => {
    expect(parseSlots('cuda:0,cuda:1+2,2xcpu,endpoint', GPUS)).toEqual([
      { id: 'cuda0', device: 'cuda', devices: ['0'] },
      { id: 'cuda1+2', device: 'cuda', devices: ['1', '2'] },
      { id: 'cpu0', device: 'cpu', devices: [] },
      { id: 'cpu1', device: 'cpu', devices: [] },
      { id: 'endpoint0', device: 'endpoint', devices: [] },
    ])
    expect(parseSlots('cuda:GPU-2', GPUS)).toEqual([{ id: 'cuda2', device: 'cuda', devices: ['2'] }])
    expect(parseSlots('cuda:MIG-b', GPUS)).toEqual([{ id: 'cuda3.1', device: 'cuda', devices: ['MIG-b'] }])
  })

  it('offers every GPU, and of one that is cut its parts', () => {
    expect(parseSlots('cuda', GPUS).map(({ devices }) => devices)).toEqual([['0'], ['1'], ['2'], ['MIG-a'], ['MIG-b']])
    expect(parseSlots('auto', [gpu(0)]).map(({ id }) => id)).toEqual(['cuda0', 'cpu0', 'endpoint0'])
    expect(parseSlots('auto').map(({ id }) => id)).toEqual(['cpu0', 'endpoint0'])
  })

  it('offers no empty list where every GPU is cut and none has parts', () => {
    const bare = [gpu(0, { isMig: true })]
    expect(mistakesOf('cuda', bare)).toEqual(['SB-WORK-008'])
    expect(parseSlots('cuda', [...bare, gpu(1)]).map(({ id }) => id)).toEqual(['cuda1'])
    expect(parseSlots('auto', bare).map(({ id }) => id)).toEqual(['cpu0', 'endpoint0'])
  })

  it('refuses everything wrong at once', () => {
    expect(mistakesOf('cpus,cuda:9,0xcpu,cpu,cuda:0,cuda:GPU-0')).toEqual([
      'SB-WORK-005',
      'SB-WORK-006',
      'SB-WORK-005',
      'SB-WORK-007',
    ])
    expect(mistakesOf('cuda:1+1')).toEqual(['SB-WORK-007'])
    expect(mistakesOf('cuda:0,cuda')).toEqual(['SB-WORK-007'])
    expect(mistakesOf('cuda:3,cuda:0+MIG-a')).toEqual(['SB-WORK-008', 'SB-WORK-009'])
    expect(mistakesOf('cuda', [])).toEqual(['SB-WORK-006'])
    expect(() => parseSlots('')).toThrow(/SB-WORK-005/)
    expect(() => parseSlots('9999xcpu')).toThrow(/SB-WORK-005/)
    expect(() => parseSlots('cuda:3', GPUS)).toThrow(/SB-WORK-005/)
  })

  it('names the parts of a GPU that is cut', () => {
    try {
      parseSlots('cuda:3', GPUS)
      expect.unreachable()
    } catch (error) {
      expect((error as SweepError).mistakes[0]?.message).toContain('cuda:MIG-a, cuda:MIG-b')
    }
  })

  it('says whether the GPUs must be looked at', () => {
    expect(['auto', 'cpu,cuda', 'cuda:0'].map(wantsGpus)).toEqual([true, true, true])
    expect(['cpu', '2xcpu,endpoint'].map(wantsGpus)).toEqual([false, false])
  })
})
