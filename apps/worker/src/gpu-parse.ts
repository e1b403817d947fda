import type { GpuDevice, MigDevice } from './gpu-device.ts'

/** Readers of what `nvidia-smi` prints. Its CSV quotes nothing, and a value it cannot give stands in brackets. */

/** Fields of `--query-gpu`, in the order `parseGpus` reads them. Drivers before 450 do not know the last one. */
export const GPU_FIELDS = [
  'index',
  'uuid',
  'name',
  'memory.total',
  'memory.used',
  'driver_version',
  'temperature.gpu',
  'utilization.gpu',
  'power.draw',
  'mig.mode.current',
] as const
const MIB = 2 ** 20

/** One GPU's row: the device without its parts, and what it reads at the moment. */
export interface GpuRow extends Omit<GpuDevice, 'mig'> {
  readonly temperatureC: number | null
  /** Between 0 and 1. */
  readonly utilization: number | null
  readonly powerWatts: number | null
}

export interface GpuRows {
  readonly gpus: readonly GpuRow[]
  /** Lines that are no row of a GPU that works: "GPU is lost" and its like. */
  readonly troubles: readonly string[]
}

/** In the place of a value of a card that computes nothing until somebody sees to it. */
const BROKEN = /\[[^\],]*(?:\blost\b|requires reset)[^\],]*\]/i

/** Rows of `--query-gpu=... --format=csv,noheader,nounits`; `fields` = how many were asked for. Names may hold commas. */
export function parseGpus(text: string, fields: number = GPU_FIELDS.length): GpuRows {
  const gpus: GpuRow[] = []
  const troubles: string[] = []
  for (const line of linesOf(text)) {
    const parts = line.split(',').map((part) => part.trim())
    const behind = fields - 3
    const [index = '', uuid = ''] = parts
    const name = parts.slice(2, parts.length - behind).join(', ')
    const [total, used, driver = '', temperature, busy, power, mig] = parts.slice(parts.length - behind)
    const isRow = parts.length >= fields && /^\d+$/.test(index) && uuid.startsWith('GPU-') && !BROKEN.test(line)
    if (!isRow) {
      if (line !== 'No devices were found') troubles.push(line)
      continue
    }
    gpus.push({
      index: Number(index),
      uuid,
      name,
      memoryBytes: scaled(total, MIB),
      usedBytes: scaled(used, MIB),
      driver,
      temperatureC: scaled(temperature, 1),
      utilization: scaled(busy, 0.01),
      powerWatts: scaled(power, 1),
      isMig: mig === 'Enabled',
    })
  }
  return { gpus, troubles }
}

/** What one process holds on one GPU; `bytes` null where the driver hides it (containers, WSL, MIG without root). */
export interface GpuProcess {
  readonly uuid: string
  readonly pid: number
  readonly bytes: number | null
}

/** Rows of `--query-compute-apps=gpu_uuid,pid,used_memory --format=csv,noheader,nounits`. */
export function parseProcesses(text: string): GpuProcess[] {
  return linesOf(text).flatMap((line) => {
    const [uuid = '', pid = '', used] = line.split(',').map((part) => part.trim())
    return uuid.startsWith('GPU-') && /^\d+$/.test(pid) ? [{ uuid, pid: Number(pid), bytes: scaled(used, MIB) }] : []
  })
}

/** MIG devices by their GPU's UUID, from `-L`. */
export function parseList(text: string): Map<string, MigDevice[]> {
  const byGpu = new Map<string, MigDevice[]>()
  let parts: MigDevice[] = []
  for (const line of linesOf(text)) {
    const [, uuid] = /^GPU \d+: .*\(UUID: (GPU-[\w-]+)\)/.exec(line) ?? []
    if (uuid !== undefined) {
      parts = []
      byGpu.set(uuid, parts)
    }
    const [, profile, number, part] = /^MIG (\S+)\s+Device\s+(\d+): \(UUID: (MIG-[\w/-]+)\)/.exec(line) ?? []
    if (profile !== undefined && number !== undefined && part !== undefined)
      parts.push({ uuid: part, number: Number(number), profile })
  }
  return byGpu
}

/** Gigabytes a MIG profile carries in its name (`1g.10gb`, `1g.5gb+me`), a twentieth less: what the driver keeps. */
export function migBytes(profile: string): number | null {
  const [, gigabytes] = /\.(\d+)gb/.exec(profile) ?? []
  return gigabytes === undefined ? null : Number(gigabytes) * 0.95e9
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** A number times `unit`; null for `[N/A]`, `[Not Supported]`, `ERR!` and whatever else is none. */
function scaled(text: string | undefined, unit: number): number | null {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) * unit : null
}
