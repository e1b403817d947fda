import { existsSync } from 'node:fs'
import { type DeviceReading, SweepError } from '@sweepboard/contracts'
import type { GpuDevice, MigDevice } from './gpu-device.ts'
import { GPU_FIELDS, type GpuRow, migBytes, parseGpus, parseList, parseProcesses } from './gpu-parse.ts'
import { NvidiaSmi } from './gpu-program.ts'
import { hostMemoryBytes } from './host-memory.ts'
import { processTree } from './process-tree.ts'
import type { SlotOption } from './slot-option.ts'

/** What the driver says of a card that fell off the bus. */
const LOST = /GPU is lost|fallen off the bus|Unable to determine the device handle|requires reset/i
/** Readings are taken at most this often. */
const FRESH_MS = 2000

/** The driver itself may hold this part of a card: nobody else is on it then. */
const DRIVERS_PART = 0.01

type Devices = Pick<SlotOption, 'devices'>

export interface GpusParts {
  /** Only these GPUs are there for the caller, as CUDA_VISIBLE_DEVICES names them; absent = all. */
  readonly visible?: string | undefined
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Told once of each line that says a GPU does not work. */
  readonly onTrouble: (message: string) => void
  readonly program?: NvidiaSmi
}

interface OwnParts extends GpusParts {
  readonly program: NvidiaSmi
  /** Fields this driver knows. */
  readonly fields: readonly string[]
}

/** The GPUs of this machine as its driver tells of them: listed once, read again while somebody asks. */
export class Gpus {
  readonly devices: readonly GpuDevice[]
  readonly #parts: OwnParts
  #rows: ReadonlyMap<string, GpuRow>
  /** Bytes others hold on each GPU: the least seen, so that a dying process of an earlier run does not count for ever. */
  readonly #held = new Map<string, number>()
  readonly #troubles: Set<string>
  readonly #listeners: ((message: string) => void)[]
  #readAt: number
  #reading: Promise<void> | null = null

  private constructor(devices: readonly GpuDevice[], rows: readonly GpuRow[], parts: OwnParts, troubles: readonly string[]) {
    this.devices = devices
    this.#parts = parts
    this.#rows = new Map(rows.map((row) => [row.uuid, row]))
    this.#troubles = new Set(troubles)
    this.#readAt = parts.now()
    for (const { uuid, usedBytes } of rows) this.#held.set(uuid, usedBytes ?? 0)
    this.#listeners = [parts.onTrouble]
    for (const trouble of troubles) parts.onTrouble(trouble)
  }

  /**
   * Lists the GPUs. None is no error.
   * @throws SweepError `SB-WORK-010` when there is no `nvidia-smi`, or it fails: no driver, versions that do not match, too slow
   */
  static async open(parts: GpusParts): Promise<Gpus> {
    const program = parts.program ?? new NvidiaSmi()
    let fields: readonly string[] = GPU_FIELDS
    let answer = await program.run(queryOf(fields))
    if (answer.trouble !== null && /mig\.mode\.current/.test(answer.trouble)) {
      fields = GPU_FIELDS.slice(0, -1)
      answer = await program.run(queryOf(fields))
    }
    const { gpus, troubles } = parseGpus(answer.stdout, fields.length)
    const isNone = /No devices were found/.test(answer.stdout)
    if (gpus.length === 0 && answer.trouble !== null && !isNone) throw new SweepError('SB-WORK-010', { message: answer.trouble })
    const parsed = gpus.some(({ isMig }) => isMig)
      ? parseList((await program.run(['-L'])).stdout)
      : new Map<string, MigDevice[]>()
    const all = gpus.map(
      ({ temperatureC: _t, utilization: _u, powerWatts: _p, ...gpu }): GpuDevice => ({
        ...gpu,
        memoryBytes: gpu.memoryBytes ?? hostMemoryBytes(),
        mig: parsed.get(gpu.uuid) ?? [],
      }),
    )
    return new Gpus(visibleOf(all, parts.visible), gpus, { ...parts, program, fields }, troubles)
  }

  /** Tells one more listener what goes wrong from now on. */
  onTrouble(listener: (message: string) => void): void {
    this.#listeners.push(listener)
  }

  /** What makes two devices the same one after a restart or a change of cards: UUIDs. Null where the slot has no GPU. */
  identity(slot: Devices): string | null {
    if (slot.devices.length === 0) return null
    return slot.devices.map((name) => this.#deviceOf(name)?.part?.uuid ?? this.#deviceOf(name)?.gpu.uuid ?? name).join('+')
  }

  /** As the driver calls it, with the profile of a part: `NVIDIA H100 80GB HBM3 MIG 1g.10gb`. Null where the slot has no GPU. */
  nameOf(slot: Devices): string | null {
    const found = slot.devices.map((name) => this.#deviceOf(name)).find((one) => one !== null)
    if (found === null || found === undefined) return null
    return found.part === null ? found.gpu.name : `${found.gpu.name} MIG ${found.part.profile}`
  }

  /** Of all a slot's devices together, less what processes of others hold. */
  memoryBytes(slot: Devices): number {
    return slot.devices.reduce((sum, name) => {
      const found = this.#deviceOf(name)
      if (found === null) return sum
      if (found.part !== null) return sum + (migBytes(found.part.profile) ?? 0)
      return sum + Math.max(0, (found.gpu.memoryBytes ?? 0) - (this.#held.get(found.gpu.uuid) ?? 0))
    }, 0)
  }

  /** What others hold on a slot's devices, bytes. */
  heldBytes(slot: Devices): number {
    return slot.devices.reduce((sum, name) => {
      const found = this.#deviceOf(name)
      return found === null || found.part !== null ? sum : sum + (this.#held.get(found.gpu.uuid) ?? 0)
    }, 0)
  }

  /**
   * Least part of a slot's device, between 0 and 1, that is free as the driver reads now: for a server that is about to start on a slot
   * with nothing else of ours on it. Undefined where all is free, and where nobody can tell (MIG devices, no reading).
   */
  async freeShare(slot: Devices): Promise<number | undefined> {
    await this.refresh()
    const shares = slot.devices.flatMap((name) => {
      const found = this.#deviceOf(name)
      const used = found?.part === null ? this.#rows.get(found.gpu.uuid)?.usedBytes : null
      const total = found?.gpu.memoryBytes
      return used == null || !total ? [] : [Math.max(0, 1 - used / total)]
    })
    const least = Math.min(1, ...shares)
    return least > 1 - DRIVERS_PART ? undefined : least
  }

  /**
   * The last reading of a slot's devices: memory and power added up, the highest temperature, mean utilisation. Starts the next one where
   * this is older than two seconds, and does not wait for it. Of a MIG device only its GPU's temperature can be told.
   */
  reading(slot: Devices): DeviceReading | null {
    if (slot.devices.length === 0) return null
    if (this.#parts.now() - this.#readAt >= FRESH_MS) void this.refresh()
    const found = slot.devices.map((name) => this.#deviceOf(name)).filter((one) => one !== null)
    const rows = found.map(({ gpu }) => this.#rows.get(gpu.uuid)).filter((row) => row !== undefined)
    if (rows.length === 0) return null
    const isWhole = found.every(({ part }) => part === null)
    const temperatures = rows.map(({ temperatureC }) => temperatureC).filter((one) => one !== null)
    const busy = sumOf(rows.map(({ utilization }) => utilization))
    return {
      memoryUsedBytes: isWhole ? sumOf(rows.map(({ usedBytes }) => usedBytes)) : null,
      temperatureC: temperatures.length === 0 ? null : Math.max(...temperatures),
      utilization: isWhole && busy !== null ? Math.min(1, busy / rows.length) : null,
      powerWatts: isWhole ? sumOf(rows.map(({ powerWatts }) => powerWatts)) : null,
    }
  }

  /** Whether the driver no longer lists one of a slot's devices, or says that it is lost. */
  isLost(slot: Devices): boolean {
    return slot.devices.some((name) => {
      const found = this.#deviceOf(name)
      return found === null || !this.#rows.has(found.gpu.uuid)
    })
  }

  /**
   * Bytes that a process and all it started hold on a slot's devices. Where the driver names no process of this system (in containers, on
   * WSL), what is used beyond what others held at first; null where even that is hidden (MIG devices) or the driver does not answer.
   */
  async usedBy(slot: Devices, pid: number): Promise<number | null> {
    const args = ['--query-compute-apps=gpu_uuid,pid,used_memory', '--format=csv,noheader,nounits']
    const answer = await this.#parts.program.run(args).catch(() => null)
    if (answer === null || answer.trouble !== null) return null
    const uuids = new Set(slot.devices.map((name) => this.#deviceOf(name)?.gpu.uuid))
    const tree = await processTree(pid)
    const listed = parseProcesses(answer.stdout).filter((one) => uuids.has(one.uuid))
    const own = listed.filter(({ pid: one }) => tree.has(one))
    const bytes = own.length === 0 ? null : sumOf(own.map((one) => one.bytes))
    const isHidden = own.length > 0 ? bytes === null : !listed.some(({ pid: one }) => existsSync(`/proc/${one}`))
    if (!isHidden) return bytes
    await this.refresh()
    const used = this.reading(slot)?.memoryUsedBytes ?? null
    return used === null ? null : Math.max(0, used - this.heldBytes(slot))
  }

  /** Reads all devices anew; a failure leaves the readings as they were, and is told. */
  refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#readAt = this.#parts.now()
      this.#reading = null
    })
    return this.#reading
  }

  async #read(): Promise<void> {
    const { program, fields } = this.#parts
    try {
      const answer = await program.run(queryOf(fields))
      const { gpus, troubles } = parseGpus(answer.stdout, fields.length)
      for (const trouble of answer.trouble === null ? troubles : [...troubles, answer.trouble]) this.#tell(trouble)
      // A driver that fails as a whole says nothing about one card; a list with some cards left says that the others are gone.
      if (gpus.length === 0 && !troubles.some((line) => LOST.test(line))) return
      this.#rows = new Map(gpus.map((row) => [row.uuid, row]))
      for (const { uuid, usedBytes } of gpus)
        if (usedBytes !== null) this.#held.set(uuid, Math.min(usedBytes, this.#held.get(uuid) ?? usedBytes))
    } catch (thrown) {
      this.#tell(thrown instanceof Error ? thrown.message : String(thrown))
    }
  }

  #tell(trouble: string): void {
    if (this.#troubles.has(trouble)) return
    this.#troubles.add(trouble)
    for (const listener of this.#listeners) listener(trouble)
  }

  #deviceOf(name: string): { gpu: GpuDevice; part: MigDevice | null } | null {
    for (const gpu of this.devices) {
      if (name === String(gpu.index)) return { gpu, part: null }
      const part = gpu.mig.find(({ uuid }) => uuid === name)
      if (part !== undefined) return { gpu, part }
    }
    return null
  }
}

function queryOf(fields: readonly string[]): string[] {
  return [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits']
}

/** The sum; null where one of them is unknown. */
function sumOf(values: readonly (number | null)[]): number | null {
  return values.reduce((sum, value) => (sum === null || value === null ? null : sum + value), 0 as number | null)
}

/** CUDA reads the list up to the first name it does not know, and so does this; UUIDs may be cut short. */
function visibleOf(gpus: readonly GpuDevice[], visible: string | undefined): readonly GpuDevice[] {
  if (visible === undefined) return gpus
  const kept: GpuDevice[] = []
  for (const name of visible.split(',').map((part) => part.trim())) {
    const isUuid = /^(GPU|MIG)-./.test(name)
    const gpu = gpus.find((one) => String(one.index) === name || (isUuid && one.uuid.startsWith(name)))
    const cut = gpus.find((one) => isUuid && one.mig.some(({ uuid }) => uuid.startsWith(name)))
    if (gpu !== undefined) kept.push(gpu)
    else if (cut !== undefined) kept.push({ ...cut, mig: cut.mig.filter(({ uuid }) => uuid.startsWith(name)) })
    else break
  }
  return kept
}
