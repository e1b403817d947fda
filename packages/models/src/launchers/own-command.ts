import { SweepError } from '@sweepboard/contracts'
import type { LaunchCommand } from './launch-command.ts'
import { type LaunchRequest, textMember, visibleDevices } from './launcher.ts'
import { type OwnCommand, PLACEHOLDER, type Placeholder } from './own-launchers.ts'

/**
 * The command of a launcher that only this host's file knows.
 * @throws SweepError `SB-WORK-032` when a placeholder has no value here, or the load wants another dialect or device
 */
export function ownCommand(name: string, own: OwnCommand, request: LaunchRequest): LaunchCommand {
  const { place, load } = request
  const refuse = (message: string) => new SweepError('SB-WORK-032', { launcher: name, message })
  if (own.dialect !== load.identity.engine)
    throw refuse(`the sweep speaks ${load.identity.engine} with it, the launchers file says ${own.dialect}`)
  const device = place.devices.length === 0 ? 'cpu' : 'cuda'
  if (!own.devices.includes(device)) throw refuse(`the launchers file gives it ${own.devices.join(', ')}, not ${device}`)
  const values: Readonly<Record<Placeholder, string | number | null>> = {
    port: place.port,
    model: request.model,
    folder: place.folder,
    served: request.served,
    devices: place.devices.join(','),
    revision: request.revision,
    maxTokens: request.maxTokens,
    dtype: request.dtype === 'unknown' ? null : request.dtype,
    memoryShare: request.memoryShare ?? own.memoryShare ?? null,
    scratch: place.scratch,
  }
  const fill = (text: string) =>
    text.replace(PLACEHOLDER, (_, key: Placeholder) => {
      const value = values[key]
      if (value === null) throw refuse(`{${key}} has no value for ${load.model}`)
      return String(value)
    })
  const root = `http://127.0.0.1:${place.port}`
  const { version } = own
  return {
    argv: own.command.map(fill),
    env: {
      ...visibleDevices(place.devices),
      ...Object.fromEntries(Object.entries(own.env).map(([key, text]) => [key, fill(text)])),
    },
    files: [],
    url: root + own.base,
    ready: root + own.ready,
    version: version === undefined ? null : { url: root + version.path, read: (answer) => textMember(answer, version.member) },
    refuse: () => null,
  }
}
