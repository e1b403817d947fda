import { homedir } from 'node:os'
import { type HubSettings, hubSettings } from '@sweepboard/tasks'

/** How this process reaches the Hugging Face hub: as its own tools would, and not at all with `--offline`. */
export function readHubSettings(options: { readonly offline?: boolean | undefined } = {}): HubSettings {
  const settings = hubSettings(process.env, homedir())
  return { ...settings, offline: settings.offline || options.offline === true }
}
