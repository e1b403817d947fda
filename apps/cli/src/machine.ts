import { accessSync, constants } from 'node:fs'
import { availableParallelism, hostname } from 'node:os'
import { delimiter, join, relative, resolve } from 'node:path'
import { LAUNCHER_NAMES, LAUNCHERS } from '@sweepboard/models'
import { checkRedis } from '@sweepboard/queue'
import { findSlots, hostMemoryBytes } from '@sweepboard/worker'
import { type ModelFolder, modelsBelow, modelsInCache } from './machine-models.ts'
import { findServers, type ServedModel } from './machine-servers.ts'
import { type PlanSlots, slotsHere } from './plan-slots.ts'

export const LOCAL_REDIS = 'redis://127.0.0.1:6379'

export interface Card {
  readonly slot: string
  readonly name: string
  /** What is left of its memory, bytes. */
  readonly freeBytes: number
}

/** What a first sweep on this machine can be made of. */
export interface Machine {
  readonly hostname: string
  readonly cores: number
  readonly memoryBytes: number
  readonly cards: readonly Card[]
  /** As `--slots` takes them. */
  readonly slots: string
  /** Whether a Redis answers at the usual place. */
  readonly hasRedis: boolean
  readonly servers: readonly ServedModel[]
  /** Launchers whose programs are installed. */
  readonly launchers: readonly string[]
  readonly folders: readonly ModelFolder[]
}

export interface LookOptions {
  /** Folder whose `models/` is looked into. */
  readonly cwd: string
  /** The Hugging Face cache. */
  readonly cacheFolder: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly onNote: (message: string) => void
}

/** The machine, and its slots as a plan sees them. */
export async function lookAtMachine(options: LookOptions): Promise<{ machine: Machine; places: PlanSlots }> {
  const { cwd, cacheFolder, env, onNote } = options
  const looking = [findSlots('auto', { visible: env.CUDA_VISIBLE_DEVICES, onNote }), findServers(), answersRedis()] as const
  const [{ slots, gpus }, servers, hasRedis] = await Promise.all(looking)
  const cards = slots
    .filter(({ device }) => device === 'cuda')
    .map((slot) => ({
      slot: `cuda:${slot.devices.join('+')}`,
      name: gpus?.nameOf(slot) ?? 'a GPU',
      freeBytes: gpus?.memoryBytes(slot) ?? 0,
    }))
  const machine = {
    hostname: hostname(),
    cores: availableParallelism(),
    memoryBytes: hostMemoryBytes(),
    cards,
    slots: [...cards.map(({ slot }) => slot), 'cpu', 'endpoint'].join(','),
    hasRedis,
    servers,
    launchers: LAUNCHER_NAMES.filter((name) => isInstalled(LAUNCHERS[name].program, env.PATH)),
    folders: [
      ...modelsBelow(resolve(cwd, 'models')).map((one) => ({ ...one, path: `./${relative(cwd, one.path)}` })),
      ...modelsInCache(cacheFolder),
    ],
  }
  return { machine, places: slotsHere({ slots, gpus }) }
}

async function answersRedis(): Promise<boolean> {
  const findings = await checkRedis(LOCAL_REDIS, { deadlineMs: 1500 })
  return findings.every(({ severity }) => severity !== 'error')
}

/** Whether the program stands on PATH. One that is a Python module only shows itself by its name there. */
function isInstalled(program: readonly string[], path: string | undefined): boolean {
  const [first = '', , module] = program
  const name = first.startsWith('python') ? (module?.split('.')[0] ?? '') : first
  return (path ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return folder !== ''
    } catch {
      return false
    }
  })
}
