import { type Mistake, mistake, SweepError } from '@sweepboard/contracts'
import type { GpuDevice } from './gpu-device.ts'

/** One slot a worker offers: what serves one lane at a time. `endpoint` opens remote engines, `cuda` and `cpu` local ones. */
export interface SlotOption {
  readonly id: string
  readonly device: 'cpu' | 'cuda' | 'endpoint'
  /**
   * What CUDA_VISIBLE_DEVICES takes: numbers in the order of PCI addresses (some servers read nothing else), or the UUID of one
   * MIG device; empty for `cpu` and `endpoint`. Set through `deviceEnvironment`, because the numbers want CUDA_DEVICE_ORDER too.
   */
  readonly devices: readonly string[]
}

const MAX_SLOTS = 256

/** Whether a slot list can only be read with the machine's GPUs at hand. */
export function wantsGpus(text: string): boolean {
  return /(^|,)\s*(cuda|auto)/.test(text)
}

/**
 * The slots of `--slots`: items joined by commas. `cpu` and `endpoint`, with a count before them (`2xcpu`); `cuda:0`, `cuda:1+2` (one
 * slot over two GPUs), `cuda:MIG-...` or `cuda:GPU-...`; `cuda` = one slot for each GPU or MIG device found; `auto` = that where
 * there are any, `cpu` and `endpoint`. Ids are the device and a number, in the order written; those of GPUs carry the GPU's own.
 * Throws `SB-WORK-005` with all mistakes at once: `SB-WORK-005` for what cannot be read, `SB-WORK-006` for a GPU that is not here,
 * `SB-WORK-007` for one in two slots, `SB-WORK-008` for one that is cut with MIG, `SB-WORK-009` for MIG devices joined.
 */
export function parseSlots(text: string, gpus: readonly GpuDevice[] = []): SlotOption[] {
  const list = new SlotList(gpus)
  for (const item of text.split(',').map((part) => part.trim())) list.add(item)
  if (list.mistakes.length > 0) throw new SweepError('SB-WORK-005', { item: text }, { mistakes: list.mistakes })
  return list.slots
}

class SlotList {
  readonly slots: SlotOption[] = []
  readonly mistakes: Mistake[] = []
  readonly #gpus: readonly GpuDevice[]
  readonly #seen = { cpu: 0, endpoint: 0 }
  readonly #taken = new Set<string>()

  constructor(gpus: readonly GpuDevice[]) {
    this.#gpus = gpus
  }

  add(item: string): void {
    const [, count = '1', device] = /^(?:(\d{1,4})x)?(cpu|endpoint)$/.exec(item) ?? []
    const [, names] = /^cuda:([\w./+-]+)$/.exec(item) ?? []
    if (device === 'cpu' || device === 'endpoint') this.#addPlain(item, device, Number(count))
    else if (names !== undefined) this.#addGpus(item, names.split('+'))
    else if (item === 'cuda') {
      // Else a worker would join and compute nothing.
      if (this.#gpus.length > 0 && this.#gpus.every(({ isMig, mig }) => isMig && mig.length === 0))
        this.mistakes.push(mistake('SB-WORK-008', { item, parts: 'none' }))
      this.#addAll(item)
    } else if (item === 'auto') {
      if (this.#gpus.length > 0) this.#addAll(item)
      this.#addPlain(item, 'cpu', 1)
      this.#addPlain(item, 'endpoint', 1)
    } else this.mistakes.push(mistake('SB-WORK-005', { item }))
  }

  #addPlain(item: string, device: 'cpu' | 'endpoint', count: number): void {
    if (count < 1 || this.slots.length + count > MAX_SLOTS) {
      this.mistakes.push(mistake('SB-WORK-005', { item }))
      return
    }
    for (let i = 0; i < count; i += 1) {
      this.slots.push({ id: `${device}${this.#seen[device]}`, device, devices: [] })
      this.#seen[device] += 1
    }
  }

  /** One slot for each GPU, or for each part of one that is cut. */
  #addAll(item: string): void {
    if (this.#gpus.length === 0) this.mistakes.push(mistake('SB-WORK-006', { item, found: 'none' }))
    for (const gpu of this.#gpus) {
      if (!gpu.isMig) this.#addGpus(item, [String(gpu.index)])
      else for (const { uuid } of gpu.mig) this.#addGpus(item, [uuid])
    }
  }

  #addGpus(item: string, names: readonly string[]): void {
    const found = names.map((name) => this.#find(item, name))
    if (found.some((one) => one === null)) return
    const devices = found.filter((one) => one !== null)
    if (devices.length > 1 && devices.some(({ isPart }) => isPart)) {
      this.mistakes.push(mistake('SB-WORK-009', { item }))
      return
    }
    for (const { uuid } of devices) {
      if (this.#taken.has(uuid)) {
        this.mistakes.push(mistake('SB-WORK-007', { item, gpu: uuid }))
        return
      }
      this.#taken.add(uuid)
    }
    this.slots.push({
      id: `cuda${devices.map(({ id }) => id).join('+')}`,
      device: 'cuda',
      devices: devices.map((one) => one.name),
    })
  }

  /** A GPU by number or UUID, or a MIG device by UUID; null, and a mistake noted, where it cannot serve. */
  #find(item: string, name: string): { id: string; name: string; uuid: string; isPart: boolean } | null {
    for (const gpu of this.#gpus) {
      const part = gpu.mig.find(({ uuid }) => uuid === name)
      if (part !== undefined) return { id: `${gpu.index}.${part.number}`, name: part.uuid, uuid: part.uuid, isPart: true }
      if (name !== String(gpu.index) && name !== gpu.uuid) continue
      if (!gpu.isMig) return { id: String(gpu.index), name: String(gpu.index), uuid: gpu.uuid, isPart: false }
      const parts = gpu.mig.map(({ uuid }) => `cuda:${uuid}`).join(', ') || 'none'
      this.mistakes.push(mistake('SB-WORK-008', { item, parts }))
      return null
    }
    this.mistakes.push(
      mistake('SB-WORK-006', { item, found: this.#gpus.map(({ index }) => `cuda:${index}`).join(', ') || 'none' }),
    )
    return null
  }
}
