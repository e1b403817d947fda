import type { QueryClient } from '@tanstack/react-query'
import { call } from './api.ts'

/** Which answers an event makes old. */
const STALE: Readonly<Record<string, readonly string[]>> = {
  hello: ['sweeps', 'sweep', 'cells', 'gates', 'hosts', 'leaderboard', 'evidence', 'kinds', 'kind-tasks'],
  sweep: ['sweeps', 'sweep', 'cells', 'gates', 'leaderboard'],
  cells: ['sweeps', 'sweep', 'cells', 'gates', 'leaderboard', 'evidence', 'kinds', 'kind-tasks'],
  hosts: ['hosts', 'sweep'],
  beat: [],
}
/** Changes within this time are asked for once: two updates a second are as live as eyes are. */
const COALESCE_MS = 500
const RETRY_MS = 2000

/**
 * Keeps the answers of `client` fresh from the service's event stream until `signal` aborts; `onState` hears whether the
 * stream is up. Reads it with fetch because EventSource cannot send the token.
 */
export async function followEvents(client: QueryClient, onState: (isUp: boolean) => void, signal: AbortSignal): Promise<void> {
  const stale = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | null = null
  const flush = () => {
    timer = null
    for (const key of stale) void client.invalidateQueries({ queryKey: [key] })
    stale.clear()
  }
  const onEvent = (event: string) => {
    for (const key of STALE[event] ?? []) stale.add(key)
    if (stale.size > 0) timer ??= setTimeout(flush, COALESCE_MS)
  }
  while (!signal.aborted) {
    try {
      const response = await call('/events', { signal })
      onState(true)
      await readEvents(response, onEvent)
    } catch {
      // Said by onState; the next try comes by itself.
    }
    if (signal.aborted) break
    onState(false)
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
  if (timer) clearTimeout(timer)
}

async function readEvents(response: Response, onEvent: (event: string) => void): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
    text += piece.value
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('event:')) onEvent(line.slice(6).trim())
  }
}
