import type { GpuDevice } from '@sweepboard/worker'
import { describe, expect, it } from 'vitest'
import { judgeSkew } from './check-clock.ts'
import { checkCuda, driverFinding, gpuFindings } from './check-gpu.ts'
import { versionIn } from './check-programs.ts'

describe('driverFinding', () => {
  it.each<[string, string, { isAbsent: boolean; hasDevice: boolean }, string, RegExp | null]>([
    ['no GPU', '', { isAbsent: true, hasDevice: false }, 'ok', null],
    ['a driver without its program', '', { isAbsent: true, hasDevice: true }, 'error', /nvidia-utils/],
    [
      'an update under a running module',
      'Failed to initialize NVML: Driver/library version mismatch',
      { isAbsent: false, hasDevice: true },
      'error',
      /[Rr]estart the machine/,
    ],
    [
      'no module',
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.",
      { isAbsent: false, hasDevice: false },
      'error',
      /modprobe/,
    ],
    ['a container', 'Failed to initialize NVML: Unknown Error', { isAbsent: false, hasDevice: true }, 'error', /--gpus all/],
    ['anything else', 'boom', { isAbsent: false, hasDevice: true }, 'error', /nvidia-smi/],
  ])('%s', (...[, message, machine, state, fix]) => {
    const found = driverFinding(message, machine)
    expect(found.state).toBe(state)
    if (fix === null) expect(found.fix).toBeNull()
    else expect(found.fix).toMatch(fix)
  })
})

describe('gpuFindings', () => {
  const gpu = (index: number, how: Pick<GpuDevice, 'isMig' | 'mig'> = { isMig: false, mig: [] }) => ({
    ...{ index, uuid: `GPU-${index}`, name: 'NVIDIA H100', memoryBytes: 80 * 2 ** 30, usedBytes: 0, driver: '570.86' },
    ...how,
  })

  it('warns of a GPU in MIG mode that nobody has cut, and not of one that is cut', () => {
    const part = { uuid: 'MIG-1', number: 0, profile: '2g.20gb' }
    const found = gpuFindings([gpu(0), gpu(1, { isMig: true, mig: [] }), gpu(2, { isMig: true, mig: [part] })], [])
    expect(found.map(({ state }) => state)).toEqual(['ok', 'warning'])
    expect(found[0]?.message).toContain('2 NVIDIA H100 (80 GiB, driver 570.86, 1 MIG instance)')
    expect(found[1]).toMatchObject({
      message: '1 NVIDIA H100 is in MIG mode and has no instances: no slot can use it',
      fix: expect.stringContaining('nvidia-smi -i 1 -mig 0'),
    })
  })

  it('is an error where a card is in trouble, and no fault where there is none', () => {
    expect(gpuFindings([gpu(0)], ['GPU 0 is lost'])).toMatchObject([{ state: 'error', message: 'GPU 0 is lost' }])
    expect(gpuFindings([], [])).toMatchObject([{ state: 'ok', message: 'a driver, and no GPU that may be used' }])
  })
})

describe('checkCuda', () => {
  it('names the provider, then the libraries, that are missing', () => {
    const facts = { folder: '/ort', hasProvider: true, missing: [] }
    expect(checkCuda(facts).state).toBe('ok')
    expect(checkCuda({ ...facts, hasProvider: false })).toMatchObject({
      state: 'warning',
      message: expect.stringContaining('libonnxruntime_providers_cuda.so is not in /ort'),
      fix: expect.stringContaining('ONNXRUNTIME_NODE_INSTALL=cuda12'),
    })
    expect(checkCuda({ ...facts, missing: ['libcudnn.so.9'] })).toMatchObject({
      state: 'warning',
      message: expect.stringContaining('libcudnn.so.9'),
      fix: expect.stringContaining('LD_LIBRARY_PATH'),
    })
  })
})

describe('judgeSkew', () => {
  it.each([
    [0.4, 'ok', /0\.4 s ahead/],
    [-4.9, 'ok', /4\.9 s behind/],
    [3600, 'warning', /3600\.0 s ahead/],
    [-6, 'warning', /6\.0 s behind/],
  ])('%d s', (seconds, state, words) => {
    expect(judgeSkew(seconds)).toMatchObject({ state, message: expect.stringMatching(words) })
  })
})

describe('versionIn', () => {
  it.each([
    ['vllm 0.11.0\n', '0.11.0'],
    ['text-embeddings-router 1.8.2', '1.8.2'],
    ['version: b6123 (abc)\nbuilt with cc', 'b6123'],
    ['ollama version is 0.12.3', '0.12.3'],
    ['no number', 'no number'],
  ])('%j', (text, version) => {
    expect(versionIn(text)).toBe(version)
  })
})
