import { describe, expect, it } from 'vitest'
import { migBytes, parseGpus, parseList, parseProcesses } from './gpu-parse.ts'

/** Output in the form real drivers print it: three generations of cards, and what stands there when one cannot say. */
const TWO_CARDS = `0, GPU-8c7c9c30-f12f-20bf-e14e-d3c4c965af32, NVIDIA GeForce RTX 4090, 24564, 1021, 570.86.15, 43, 7, 31.46, [N/A]
1, GPU-2f0c4a3e-90a1-7f1b-4c53-f6a5a3e1d111, NVIDIA GeForce RTX 3090, 24576, 2, 570.86.15, 38, 0, 21.02, [N/A]
`
const CUT = `0, GPU-7f57f032-34ab-a064-c37c-7a4f75601cc5, NVIDIA H100 80GB HBM3, 81559, 87, 580.105.08, 30, [N/A], 71.93, Enabled
1, GPU-8c7c9c30-f12f-20bf-e14e-d3c4c965af32, NVIDIA H100 80GB HBM3, 81559, 1, 580.105.08, 29, 0, 68.50, Disabled
`
const LIST = `GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-7f57f032-34ab-a064-c37c-7a4f75601cc5)
  MIG 2g.20gb     Device  0: (UUID: MIG-377e0049-554c-540b-93c6-d0976f8426cb)
  MIG 1g.10gb     Device  1: (UUID: MIG-f39aa248-6f1b-5769-b119-8d650bb34b27)
GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-8c7c9c30-f12f-20bf-e14e-d3c4c965af32)
`

describe('parseGpus', () => {
  it('reads cards in bytes, degrees, shares and watts', () => {
    const { gpus, troubles } = parseGpus(TWO_CARDS)
    expect(troubles).toEqual([])
    expect(gpus.map(({ index }) => index)).toEqual([0, 1])
    expect(gpus[0]).toEqual({
      index: 0,
      uuid: 'GPU-8c7c9c30-f12f-20bf-e14e-d3c4c965af32',
      name: 'NVIDIA GeForce RTX 4090',
      memoryBytes: 24564 * 2 ** 20,
      usedBytes: 1021 * 2 ** 20,
      driver: '570.86.15',
      temperatureC: 43,
      utilization: 0.07,
      powerWatts: 31.46,
      isMig: false,
    })
  })

  it('knows a card that is cut', () => {
    expect(parseGpus(CUT).gpus.map(({ isMig, utilization }) => [isMig, utilization])).toEqual([
      [true, null],
      [false, 0],
    ])
  })

  it('takes what a card cannot say for unknown', () => {
    const line =
      '0, GPU-1, Tesla K80, 11441, [Not Supported], 470.57.02, [N/A], [Unknown Error], ERR!, [Insufficient Permissions]'
    expect(parseGpus(line).gpus[0]).toMatchObject({
      memoryBytes: 11441 * 2 ** 20,
      usedBytes: null,
      temperatureC: null,
      utilization: null,
      powerWatts: null,
      isMig: false,
    })
  })

  it('takes no card that is lost or wants a reset', () => {
    const rows = [
      '0, GPU-0, [GPU is lost], [GPU is lost], [GPU is lost], 570.86.15, [GPU is lost], [GPU is lost], [GPU is lost], [N/A]',
      '1, GPU-1, NVIDIA A100-SXM4-40GB, 40960, 0, 570.86.15, [GPU requires reset], [GPU requires reset], 60.00, Disabled',
    ]
    expect(parseGpus(rows.join('\n'))).toEqual({ gpus: [], troubles: rows })
  })

  it('reads names with commas, and rows of drivers without MIG', () => {
    const [gpu] = parseGpus('3, GPU-3, GRID A100, 40C, rev 2, 40960, 0, 418.226.00, 30, 0, 50.00', 9).gpus
    expect(gpu).toMatchObject({ index: 3, name: 'GRID A100, 40C, rev 2', memoryBytes: 40960 * 2 ** 20, powerWatts: 50 })
  })

  it('keeps healthy cards beside a lost one', () => {
    const lost = 'Unable to determine the device handle for GPU0000:0A:00.0: GPU is lost.  Reboot the system to recover this GPU'
    const row =
      '1, [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost], 570.86.15, [GPU is lost], [GPU is lost], ERR!, [N/A]'
    const { gpus, troubles } = parseGpus(`${lost}\n${TWO_CARDS.split('\n')[0]}\n${row}\n`)
    expect(gpus.map(({ index }) => index)).toEqual([0])
    expect(troubles).toEqual([lost, row])
  })

  it('reads nothing where there is nothing', () => {
    expect(parseGpus('No devices were found\n')).toEqual({ gpus: [], troubles: [] })
    const mismatch = 'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 570.86\n'
    expect(parseGpus(mismatch)).toEqual({
      gpus: [],
      troubles: ['Failed to initialize NVML: Driver/library version mismatch', 'NVML library version: 570.86'],
    })
  })
})

describe('parseProcesses', () => {
  it('reads processes, and those whose memory is hidden', () => {
    expect(parseProcesses('GPU-1, 4711, 5120\nGPU-1, 4712, [N/A]\nNo running processes found\n\n')).toEqual([
      { uuid: 'GPU-1', pid: 4711, bytes: 5120 * 2 ** 20 },
      { uuid: 'GPU-1', pid: 4712, bytes: null },
    ])
  })
})

describe('parseList', () => {
  it('gives each card its parts', () => {
    const list = parseList(LIST)
    expect(list.get('GPU-7f57f032-34ab-a064-c37c-7a4f75601cc5')).toEqual([
      { uuid: 'MIG-377e0049-554c-540b-93c6-d0976f8426cb', number: 0, profile: '2g.20gb' },
      { uuid: 'MIG-f39aa248-6f1b-5769-b119-8d650bb34b27', number: 1, profile: '1g.10gb' },
    ])
    expect(list.get('GPU-8c7c9c30-f12f-20bf-e14e-d3c4c965af32')).toEqual([])
  })

  it('reads the older form of a part', () => {
    const text = `GPU 0: A100-SXM4-40GB (UUID: GPU-5)\n  MIG 1g.5gb Device 0: (UUID: MIG-GPU-5/7/0)\n`
    expect(parseList(text).get('GPU-5')).toEqual([{ uuid: 'MIG-GPU-5/7/0', number: 0, profile: '1g.5gb' }])
  })
})

describe('migBytes', () => {
  it('takes the size from the name', () => {
    expect(migBytes('1g.10gb')).toBeCloseTo(9.5e9)
    expect(migBytes('1g.5gb+me')).toBeCloseTo(4.75e9)
    expect(migBytes('whole')).toBeNull()
  })
})
