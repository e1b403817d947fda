import { error, type Finding, ok, warning } from './finding.ts'

const FIX =
  'Take the token of that service: `--write-token-file` of its `serve` for workers and submitters, `--read-token-file` for readers.'

/** What a service lets this token do; nothing to ask without a URL, and nothing to say where nobody answers (see `checkClock`). */
export async function checkToken(serviceUrl: string | undefined, token: string | null): Promise<Finding[]> {
  if (serviceUrl === undefined) return []
  const check = 'token'
  const [reads, writes] = await Promise.all(['sweeps', 'join'].map((route) => answers(`${serviceUrl}/api/v1/${route}`, token)))
  if (reads === null || writes === null) return []
  const words = token === null ? 'without a token' : 'with this token'
  if (writes === 200) return [ok(check, `${serviceUrl} may be read and written ${words}`)]
  if (reads === 200)
    return [warning(check, `${serviceUrl} may only be read ${words}: no worker can join, nothing be submitted`, FIX)]
  return [error(check, `${serviceUrl} refuses whoever comes ${words}`, FIX)]
}

/** Status of a GET that asks for nothing big; null where nobody answers. */
async function answers(url: string, token: string | null): Promise<number | null> {
  try {
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` }
    const answer = await fetch(url.replace(/([^:])\/{2,}/g, '$1/'), { headers, signal: AbortSignal.timeout(5000) })
    await answer.body?.cancel()
    return answer.status
  } catch {
    return null
  }
}
