import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** How data sets are fetched from the Hugging Face hub. */
export interface HubSettings {
  /** The hub's cache, e.g. `~/.cache/huggingface/hub`; shared with every tool that keeps its layout. */
  readonly cacheDir: string
  /** e.g. `https://huggingface.co`, without a slash at its end. */
  readonly endpoint: string
  readonly token: string | null
  /** Nothing is fetched: what the cache lacks is refused. */
  readonly offline: boolean
  /** Milliseconds before the first repeat of a failed request, doubled for each further one; 500 by default. */
  readonly retryMs?: number
  /** Milliseconds without a byte after which a connection counts as broken; 60,000 by default. */
  readonly stallMs?: number
}

export const STALL_MS = 60_000
const DEFAULT_ENDPOINT = 'https://huggingface.co'
const IS_ON = /^(1|on|yes|true)$/i

/**
 * The settings the hub's own tools would use: HF_HUB_CACHE, else HF_HOME/hub, else XDG_CACHE_HOME/huggingface/hub, else
 * `~/.cache/huggingface/hub`; HF_ENDPOINT; HF_TOKEN, else the file HF_TOKEN_PATH or HF_HOME/token; HF_HUB_OFFLINE.
 * @param env the environment, handed in
 * @param homeFolder the user's home
 */
export function hubSettings(env: Readonly<Record<string, string | undefined>>, homeFolder: string): HubSettings {
  const home = env.HF_HOME || join(env.XDG_CACHE_HOME || join(homeFolder, '.cache'), 'huggingface')
  return {
    cacheDir: env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(home, 'hub'),
    endpoint: (env.HF_ENDPOINT || DEFAULT_ENDPOINT).replace(/\/+$/, ''),
    token: env.HF_TOKEN?.trim() || tokenFile(env.HF_TOKEN_PATH || join(home, 'token')),
    offline: IS_ON.test(env.HF_HUB_OFFLINE ?? ''),
  }
}

function tokenFile(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() || null : null
}
