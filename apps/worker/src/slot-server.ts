import type { Load } from '@sweepboard/contracts'
import { deviceEnvironment } from './device-environment.ts'
import type { Host } from './host.ts'
import { LaunchedServer } from './launched-server.ts'
import { serverEnvironment } from './server-environment.ts'
import type { SlotOption } from './slot-option.ts'

/** A big model may take its time to be fetched and compiled, as long as it says something. */
const MOST_START_MS = 30 * 60_000
const STOP_MS = 10_000

/** The server of a load that wants one started, on this slot; null for every other load. Nothing is started yet. */
export function serverFor(load: Load, slot: { option: SlotOption; memoryBytes: number }, host: Host): LaunchedServer | null {
  if (load.open.launch === undefined) return null
  const { options, folder, noProgressMs, now } = host
  const { id, devices } = slot.option
  const gpus = devices.length === 0 ? undefined : options.gpus
  return new LaunchedServer({
    load,
    slot: { id, devices, memoryBytes: slot.memoryBytes, freeShare: gpus && (() => gpus.freeShare(slot.option)) },
    own: options.launchers,
    modelsRoot: options.modelsRoot ?? null,
    folder: folder.servers,
    records: host.servers,
    environment: (command) =>
      serverEnvironment({
        own: options.environment ?? process.env,
        allowEnv: options.allowEnv,
        devices: deviceEnvironment(slot.option),
        command,
      }),
    limits: { silentMs: noProgressMs, mostMs: options.serverStartMs ?? MOST_START_MS },
    stopMs: options.serverStopMs ?? STOP_MS,
    now,
    isDeviceLost: async () => {
      if (gpus === undefined) return false
      await gpus.refresh()
      return gpus.isLost(slot.option)
    },
    onState: (state, about) => {
      const event = state === 'died' ? 'server-gone' : 'server'
      options.log({ event, slot: id, lane: load.key, state, ...about })
    },
  })
}
