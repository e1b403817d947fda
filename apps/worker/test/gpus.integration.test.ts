import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Load, loadKey } from '@sweepboard/contracts'
import { parseLaunchers, resolveModel } from '@sweepboard/models'
import { liveDescendants, waitUntil } from '@sweepboard/test-kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NvidiaSmi } from '../src/gpu-program.ts'
import { findSlots, Gpus, hostMemoryBytes } from '../src/index.ts'
import { type Fleet, openFleet, randomLoad } from './fleet.ts'
import { CARDS, type NvidiaStandIn, openStandIn } from './nvidia-stand-in.ts'

const MIB = 2 ** 20
const FIRST = CARDS.split('\n')[0] as string
let standIn: NvidiaStandIn
let pathBefore: string | undefined
let notes: string[]
const onNote = (note: string) => notes.push(note)

beforeEach(() => {
  standIn = openStandIn()
  pathBefore = process.env.PATH
  process.env.PATH = standIn.path
  notes = []
})
afterEach(() => {
  process.env.PATH = pathBefore
  standIn.close()
})

/** A clock of the test's own. */
function clock() {
  let at = 0
  return { now: () => at, pass: (ms: number) => (at += ms) }
}

describe('findSlots, with a stand-in for nvidia-smi', () => {
  it('offers the cards, less what others hold', async () => {
    standIn.says({ query: CARDS.replace('24564, 564', '24564, 4096') })
    const { slots, gpus } = await findSlots('auto', { onNote })
    expect(slots.map(({ id }) => id)).toEqual(['cuda0', 'cuda1', 'cpu0', 'endpoint0'])
    expect(slots.map((slot) => gpus?.memoryBytes(slot))).toEqual([(24564 - 4096) * MIB, 24564 * MIB, 0, 0])
    expect(gpus?.nameOf({ devices: ['0', '1'] })).toBe('NVIDIA GeForce RTX 4090')
    expect(gpus?.identity({ devices: ['1', '0'] })).toBe('GPU-bbbb+GPU-aaaa')
    expect(notes.join()).toContain('slot cuda0: others hold 4.0 GiB of its memory; 20.0 GiB are left')
  })

  it('tells what part of a card is free now, the least of a joined slot, and nothing where all is', async () => {
    const { gpus } = await findSlots('cuda', { onNote })
    expect(await gpus?.freeShare({ devices: ['1'] })).toBeUndefined()
    standIn.says({ query: CARDS.replace('24564, 564', '24564, 12000').replace('24564, 0', '24564, 100') })
    expect(await gpus?.freeShare({ devices: ['1'] })).toBeUndefined()
    expect(await gpus?.freeShare({ devices: ['1', '0'] })).toBe(1 - 12_000 / 24_564)
  })

  it('says what is missing where GPUs are asked for and there is no driver', async () => {
    standIn.says({
      query: 'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 570.86\n',
      code: 18,
    })
    await expect(findSlots('cuda:0', { onNote })).rejects.toMatchObject({
      code: 'SB-WORK-010',
      message: expect.stringContaining('Failed to initialize NVML: Driver/library version mismatch'),
    })
    const { slots, gpus } = await findSlots('auto', { onNote })
    expect(slots.map(({ id }) => id)).toEqual(['cpu0', 'endpoint0'])
    expect(gpus).toBeNull()
    expect(notes.join()).toContain('version mismatch')
    process.env.PATH = '/nowhere'
    await expect(findSlots('cpu,cuda', { onNote })).rejects.toMatchObject({
      code: 'SB-WORK-010',
      message: expect.stringContaining('there is no nvidia-smi on PATH'),
    })
    notes = []
    expect((await findSlots('auto', { onNote })).slots).toHaveLength(2)
    expect(notes).toEqual([])
  })

  it('takes a machine without cards for what it is', async () => {
    standIn.says({ query: 'No devices were found\n', code: 6 })
    expect((await findSlots('auto', { onNote })).slots.map(({ id }) => id)).toEqual(['cpu0', 'endpoint0'])
    await expect(findSlots('cuda', { onNote })).rejects.toMatchObject({ mistakes: [{ code: 'SB-WORK-006' }] })
  })

  it('offers only what CUDA_VISIBLE_DEVICES leaves, in its order', async () => {
    const idsOf = async (visible: string) => (await findSlots('cuda', { onNote, visible })).slots.map(({ id }) => id)
    expect(await idsOf('1')).toEqual(['cuda1'])
    expect(await idsOf('GPU-bb,0')).toEqual(['cuda1', 'cuda0'])
    await expect(idsOf('-1')).rejects.toMatchObject({ mistakes: [{ code: 'SB-WORK-006' }] })
  })

  it('gives up a driver that hangs, and asks it nothing more until it is gone', async () => {
    standIn.says({ sleepSeconds: 30 })
    const program = new NvidiaSmi(200)
    const began = performance.now()
    await expect(program.run(['-L'])).rejects.toMatchObject({ message: expect.stringContaining('did not end within 0.2 s') })
    expect(performance.now() - began).toBeLessThan(10_000)
    standIn.says({ sleepSeconds: 0, list: 'GPU 0: X (UUID: GPU-1)\n' })
    const answer = await waitUntil(() => program.run(['-L']).catch(() => null), { deadlineMs: 20_000 })
    expect(answer.stdout).toContain('GPU-1')
  })

  it('asks old drivers for what they know', async () => {
    standIn.says({
      query: 'Field "mig.mode.current" is not a valid field to query.\n',
      oldQuery: '0, GPU-old, Tesla K80, 11441, 0, 418.226.00, 30, 0, 50.00\n',
      code: 2,
    })
    const { slots, gpus } = await findSlots('cuda', { onNote })
    expect([slots[0]?.id, gpus?.identity({ devices: ['0'] }), gpus?.nameOf({ devices: ['0'] })]).toEqual([
      'cuda0',
      'GPU-old',
      'Tesla K80',
    ])
    await gpus?.refresh()
    expect(notes).toEqual([])
  })
})

describe('Gpus', () => {
  it('reads anew at most every two seconds, and adds up a slot of two cards', async () => {
    const { now, pass } = clock()
    const gpus = await Gpus.open({ now, onTrouble: onNote })
    const both = { devices: ['0', '1'] }
    const reading = { memoryUsedBytes: 564 * MIB, temperatureC: 60, utilization: 0.75, powerWatts: 400 }
    expect(gpus.reading(both)).toEqual(reading)
    standIn.says({ query: CARDS.replace('60, 100', '71, 100') })
    pass(1000)
    expect(gpus.reading(both)).toEqual(reading)
    pass(1500)
    // This one starts the reading and does not wait for it.
    expect(gpus.reading(both)).toEqual(reading)
    await gpus.refresh()
    expect(gpus.reading(both)).toMatchObject({ temperatureC: 71 })
  })

  it('sees a card that fell off the bus, and keeps the others', async () => {
    const { now } = clock()
    const gpus = await Gpus.open({ now, onTrouble: onNote })
    const lost = 'Unable to determine the device handle for GPU0000:0A:00.0: GPU is lost.  Reboot the system to recover this GPU'
    standIn.says({ query: `${FIRST}\n${lost}\n`, code: 15 })
    await gpus.refresh()
    await gpus.refresh()
    expect([gpus.isLost({ devices: ['0'] }), gpus.isLost({ devices: ['1'] })]).toEqual([false, true])
    expect(notes.filter((note) => note === lost)).toHaveLength(1)
  })

  it('gives a card back what a dying process of an earlier run held', async () => {
    standIn.says({ query: CARDS.replace('24564, 564', '24564, 20000') })
    const gpus = await Gpus.open({ now: clock().now, onTrouble: onNote })
    expect(gpus.memoryBytes({ devices: ['0'] })).toBe(4564 * MIB)
    standIn.says({ query: CARDS })
    await gpus.refresh()
    expect(gpus.memoryBytes({ devices: ['0'] })).toBe(24000 * MIB)
  })

  it('gives a GPU without memory of its own the machine’s', async () => {
    standIn.says({ query: '0, GPU-aaaa, NVIDIA GB10, [N/A], [N/A], 580.95.05, 41, 0, 4.15, [N/A]\n' })
    const gpus = await Gpus.open({ now: clock().now, onTrouble: onNote })
    expect([gpus.memoryBytes({ devices: ['0'] }), gpus.heldBytes({ devices: ['0'] })]).toEqual([hostMemoryBytes(), 0])
  })

  it('counts what a process and those below it hold, and nobody else', async () => {
    const gpus = await Gpus.open({ now: clock().now, onTrouble: onNote })
    standIn.says({ apps: `GPU-aaaa, ${process.pid}, 1000\nGPU-aaaa, 1, 700\nGPU-bbbb, ${process.pid}, 50\n` })
    expect(await gpus.usedBy({ devices: ['0'] }, process.pid)).toBe(1000 * MIB)
    expect(await gpus.usedBy({ devices: ['0', '1'] }, process.pid)).toBe(1050 * MIB)
    standIn.says({ apps: 'GPU-aaaa, 1, 700\n' })
    expect(await gpus.usedBy({ devices: ['0'] }, process.pid)).toBeNull()
  })

  it('takes what was added since the start where the driver names no process of this system', async () => {
    const gpus = await Gpus.open({ now: clock().now, onTrouble: onNote })
    const query = CARDS.replace('24564, 564', '24564, 9564')
    for (const apps of ['', `GPU-aaaa, ${process.pid}, [N/A]\n`, 'GPU-aaaa, 4194999, 9000\n']) {
      standIn.says({ query, apps })
      expect(await gpus.usedBy({ devices: ['0'] }, process.pid)).toBe(9000 * MIB)
    }
  })

  it('sees that the only card fell off the bus, and takes a driver that fails for no such thing', async () => {
    standIn.says({ query: `${FIRST}\n` })
    const gpus = await Gpus.open({ now: clock().now, onTrouble: onNote })
    standIn.says({ query: 'Failed to initialize NVML: Unknown Error\n', code: 255 })
    await gpus.refresh()
    expect(gpus.isLost({ devices: ['0'] })).toBe(false)
    for (const query of [
      'Unable to determine the device handle for GPU0000:01:00.0: Unknown Error\n',
      `${FIRST?.replace('43, 50', '[GPU requires reset], [GPU requires reset]')}\n`,
    ]) {
      standIn.says({ query: `${FIRST}\n`, code: 0 })
      await gpus.refresh()
      expect(gpus.isLost({ devices: ['0'] })).toBe(false)
      standIn.says({ query, code: 255 })
      await gpus.refresh()
      expect(gpus.isLost({ devices: ['0'] })).toBe(true)
    }
  })

  it('offers the parts of a card that is cut, with the memory of their profile', async () => {
    standIn.says({
      query: `${FIRST.replace('[N/A]', 'Enabled')}\n`,
      list: 'GPU 0: NVIDIA (UUID: GPU-aaaa)\n  MIG 2g.20gb     Device  0: (UUID: MIG-x)\n',
    })
    const { slots, gpus } = await findSlots('cuda', { onNote })
    expect(slots).toEqual([{ id: 'cuda0.0', device: 'cuda', devices: ['MIG-x'] }])
    const [slot] = slots
    if (slot === undefined || gpus === null) throw new Error('no slot')
    expect([gpus.memoryBytes(slot), gpus.nameOf(slot)]).toEqual([19e9, 'NVIDIA GeForce RTX 4090 MIG 2g.20gb'])
    expect(gpus.reading(slot)).toEqual({ memoryUsedBytes: null, temperatureC: 43, utilization: null, powerWatts: null })
  })
})

/** Variables of the engine's child, while it lives. */
function childEnvironment(): string[] | null {
  const child = liveDescendants(process.pid).find(({ command }) => command.includes('inference-child'))
  if (child === undefined) return null
  try {
    return readFileSync(`/proc/${child.pid}/environ`, 'utf8').split('\0')
  } catch {
    return null
  }
}

/** An engine that computes here, in a lane of its own for GPU slots. */
function cudaLoad(): Load {
  const { identity, ...load } = randomLoad()
  const onGpu = { ...identity, provider: 'cuda' }
  return { ...load, key: loadKey(onGpu), identity: onGpu, memoryBytes: 23_000 * MIB }
}

describe('a worker with cuda slots, with a stand-in for nvidia-smi', () => {
  let fleet: Fleet
  afterEach(() => fleet.close())

  it('serves a cuda lane where it fits, shows the child that card alone, and reports what it learned', async () => {
    fleet = await openFleet()
    // The first card has 2 GB less: only the second one holds the load.
    standIn.says({ query: CARDS.replace('24564, 564', '24564, 2564'), apps: `GPU-bbbb, ${process.pid}, 21000\n` })
    const { slots, gpus } = await findSlots('cuda,cpu', { onNote })
    if (gpus === null) throw new Error('no GPUs')
    const load = cudaLoad()
    const { running, events } = await fleet.worker({ slots, gpus })
    const environment = waitUntil(childEnvironment, { deadlineMs: 30_000, everyMs: 20 })
    const sweep = await fleet.submit({ queries: ['a'], documents: ['b', 'c'] }, load)
    const [seen] = await Promise.all([environment, fleet.done(sweep)])
    expect(seen).toContain('CUDA_VISIBLE_DEVICES=1')
    expect(seen).toContain('CUDA_DEVICE_ORDER=PCI_BUS_ID')
    expect(seen).toContain('NVIDIA_TF32_OVERRIDE=0')
    const told = () => running.slots().find(({ id }) => id === 'cuda1')
    const peak = await waitUntil(() => told()?.peakBytes[load.key], { deadlineMs: 20_000 })
    expect(peak).toBe(21_000 * MIB)
    expect(told()).toMatchObject({ deviceCount: 1, deviceName: 'NVIDIA GeForce RTX 4090', reading: { temperatureC: 60 } })
    expect(told()?.loadSeconds[load.key]).toBeGreaterThan(0)
    expect(running.slots().find(({ id }) => id === 'cuda0')?.peakBytes).toEqual({})
    expect(events.find(({ event, slot }) => event === 'device' && slot === 'cuda0')).toMatchObject({ heldBytes: 2564 * MIB })
    const child = events.find(({ event, slot }) => event === 'chunk' && slot === 'cuda1')
    expect(child).toBeDefined()
    const kept = JSON.parse(readFileSync(`${fleet.folder}/worker/slots.json`, 'utf8'))
    expect(Object.keys(kept)).toContain('GPU-bbbb')
  })

  it('starts vLLM with the share of the card that others leave', async () => {
    fleet = await openFleet()
    standIn.says({ query: FIRST.replace('24564, 564', '24564, 12000') })
    const { slots, gpus } = await findSlots('cuda', { onNote })
    if (gpus === null) throw new Error('no GPUs')
    // In vLLM's place a program that writes its words down and ends.
    const words = join(fleet.folder, 'words')
    const program = ['/bin/sh', '-c', `echo "$@" >> '${words}'; exit 1`, 'vllm']
    const launchers = parseLaunchers(JSON.stringify({ launchers: { vllm: { program } } }), 'test')
    const model = 'Qwen/Qwen3-Embedding-0.6B'
    const { load } = await resolveModel({ model, engine: { launch: { name: 'vllm' } } }, { baseDir: fleet.folder })
    await fleet.worker({ slots, gpus, launchers })
    await fleet.submit({ queries: ['a'], documents: ['b'] }, load)
    const told = await waitUntil(() => existsSync(words) && readFileSync(words, 'utf8'), { deadlineMs: 30_000 })
    expect(told).toContain('--gpu-memory-utilization 0.47 ')
  })

  it('goes on with the other card when one falls off the bus', async () => {
    fleet = await openFleet()
    const { slots, gpus } = await findSlots('cuda', { onNote })
    if (gpus === null) throw new Error('no GPUs')
    const { running, events } = await fleet.worker({ slots, gpus })
    expect(running.slots().map(({ id }) => id)).toEqual(['cuda0', 'cuda1', 'score'])
    standIn.says({
      query: `${CARDS.split('\n')[1]}\nUnable to determine the device handle for GPU0000:0A:00.0: GPU is lost.\n`,
      code: 15,
    })
    await waitUntil(() => events.some(({ event, slot }) => event === 'device-lost' && slot === 'cuda0'), { deadlineMs: 20_000 })
    const sweep = await fleet.submit({ queries: ['a'], documents: ['b'] }, cudaLoad())
    await fleet.done(sweep)
    expect(fleet.service.cells(sweep)).toMatchObject([{ state: 'scored' }])
    expect(events.filter(({ event }) => event === 'chunk').every(({ slot }) => slot === 'cuda1')).toBe(true)
  })
})
