import { type Load, SweepError } from '@sweepboard/contracts'
import { badVersion } from './known-bad.ts'
import type { LaunchCommand, LauncherSettings, LaunchPlace } from './launch-command.ts'
import { LAUNCHER_NAMES, type Launcher, type LaunchRequest, visibleDevices } from './launcher.ts'
import { knownLauncher } from './launchers.ts'
import { ownCommand } from './own-command.ts'
import type { OwnLaunchers } from './own-launchers.ts'

/**
 * How a load's server is started at a place. Pure: nothing is started or written. Tensor parallel degree is the number of the
 * place's devices, so one load may be served on slots of different sizes.
 * @param own what the host's launchers file says, see `readLaunchers`
 * @throws SweepError `SB-WORK-031` for a launcher that is neither known nor in the host's file, `SB-WORK-032` when it cannot serve
 *   this load at this place
 */
export function launchCommand(load: Load, place: LaunchPlace, own?: OwnLaunchers): LaunchCommand {
  const launch = load.open.launch
  if (launch === undefined) throw new SweepError('SB-WORK-031', { launcher: 'none', known: '' })
  const name = launch.launcher
  const request = requestOf(load, place)
  const command = own?.commands[name]
  if (command !== undefined) return ownCommand(name, command, request)
  const launcher = knownLauncher(name)
  if (launcher === null) {
    const known = [...LAUNCHER_NAMES, ...Object.keys(own?.commands ?? {})].join(', ')
    throw new SweepError('SB-WORK-031', { launcher: name, known })
  }
  refuseMisfit(launcher, request)
  const settings = merged(own?.settings[name], place.settings)
  const { args, env = {}, files = [], ready = launcher.ready } = launcher.arguments(request)
  const root = `http://127.0.0.1:${place.port}`
  const { version } = launcher
  return {
    argv: [...(settings.program ?? launcher.program), ...args, ...(settings.args ?? [])],
    env: { ...visibleDevices(place.devices), ...env, ...settings.env },
    files,
    url: root + launcher.base,
    ready: root + ready,
    version: version === null ? null : { url: root + version.path, read: version.read },
    refuse: (found) => badVersion(launcher, request, found),
  }
}

function refuseMisfit(launcher: Launcher, { serves, place }: LaunchRequest): void {
  const refuse = (message: string) => new SweepError('SB-WORK-032', { launcher: launcher.name, message })
  if (launcher.engine[serves] === null) throw refuse(`it gives no ${serves}`)
  const device = place.devices.length === 0 ? 'cpu' : 'cuda'
  if (!launcher.devices.includes(device)) throw refuse(`it serves nothing on ${device}`)
  if (place.devices.length > (launcher.mostDevices ?? Number.POSITIVE_INFINITY))
    throw refuse(`it uses ${launcher.mostDevices} GPU, the slot joins ${place.devices.length}`)
}

/** What a load may put on a command line, by what it is: a sweep may come from anybody, and none of it may read as an option. */
const SAFE: Readonly<Record<string, RegExp>> = {
  repo: /^\w[\w.-]*\/\w[\w.-]*$/,
  revision: /^\w[\w./-]{0,99}$/,
  model: /^\w[\w.:/@+ -]{0,199}$/,
  dtype: /^\w{1,40}$/,
  quantization: /^\w[\w-]{0,39}$/,
  file: /^\w[\w.-]{0,199}$/,
  pooling: /^\w{1,40}$/,
}

function requestOf(load: Load, place: LaunchPlace): LaunchRequest {
  const { options, dtype } = load.identity
  const { serves, maxTokens, memoryShare, launcher } = load.open.launch as NonNullable<Load['open']['launch']>
  const text = (key: string, value: unknown = options[key]): string | null => {
    if (value === undefined) return null
    if (typeof value === 'string' && SAFE[key]?.test(value)) return value
    throw new SweepError('SB-WORK-032', { launcher, message: `${key} ${JSON.stringify(value)} is none that a server is told` })
  }
  return {
    load,
    place,
    model: place.folder ?? text('repo') ?? (text('model', load.model) as string),
    revision: place.folder === null ? text('revision') : null,
    served: text('model', options.model ?? load.model) as string,
    serves,
    dtype: text('dtype', dtype) as string,
    maxTokens,
    memoryShare,
    quantization: text('quantization'),
    file: text('file'),
    pooling: text('pooling'),
  }
}

/** The place's word goes before the file's. */
function merged(file: LauncherSettings | undefined, place: LauncherSettings): LauncherSettings {
  return {
    program: place.program ?? file?.program,
    args: place.args ?? file?.args,
    env: { ...file?.env, ...place.env },
  }
}
