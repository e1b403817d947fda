import { accessSync, constants, existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { HubSettings } from '@sweepboard/tasks'
import { error, type Finding, ok, warning } from './finding.ts'

/** The Hugging Face hub: whether it answers, takes the token, and whether its cache can be written. Offline is no fault. */
export async function checkHub(settings: Pick<HubSettings, 'endpoint' | 'token' | 'offline' | 'cacheDir'>): Promise<Finding[]> {
  return [await checkEndpoint(settings), checkCache(settings.cacheDir)]
}

async function checkEndpoint({
  endpoint,
  token,
  offline,
}: Pick<HubSettings, 'endpoint' | 'token' | 'offline'>): Promise<Finding> {
  if (offline) return ok('hub', 'offline: only what its cache holds is used')
  const path = token === null ? '/api/models?limit=1' : '/api/whoami-v2'
  try {
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` }
    const { status } = await fetch(`${endpoint}${path}`, { headers, signal: AbortSignal.timeout(8000) })
    if (status === 401 || status === 403)
      return error(
        'hub',
        `${endpoint} refuses the token`,
        'Make a new one at /settings/tokens of the hub and set HF_TOKEN; public models need none.',
      )
    if (status === 404 && token !== null) return ok('hub', `${endpoint} answers; a mirror that knows no tokens`)
    if (status >= 400) return warning('hub', `${endpoint} answers ${status}`, 'Try later, or set HF_ENDPOINT to a mirror.')
    return ok('hub', `${endpoint} answers${token === null ? '' : ' and takes the token'}`)
  } catch (thrown) {
    const cause = (thrown as Error).cause
    const message = cause instanceof Error ? cause.message : (thrown as Error).message
    const fix =
      'Set HF_ENDPOINT to a mirror or HTTPS_PROXY; without the hub use --offline, local folders and what the cache holds.'
    return warning('hub', `${endpoint} cannot be reached: ${message}`, fix)
  }
}

function checkCache(folder: string): Finding {
  let nearest = folder
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest)
  try {
    accessSync(nearest, constants.W_OK)
    return ok('hub cache', nearest === folder ? folder : `${folder} (made when it is needed)`)
  } catch {
    return warning('hub cache', `${folder} cannot be written`, 'Set HF_HOME to a folder that can, or correct its owner.')
  }
}
