import type { Health } from '@sweepboard/results'
import { error, type Finding, ok, warning } from './finding.ts'
import { queueWords } from './queue-words.ts'

const FIX =
  "Start Redis again, or see why the service cannot reach it: its log says what it heard. Work in workers' hands goes on, and what waits is handed out when it is back."

/** Whether the Redis of a service answers it, as the service says. */
export async function checkQueue(serviceUrl: string): Promise<Finding> {
  const check = 'redis'
  const health = await healthOf(serviceUrl)
  if (health?.queue === undefined)
    return warning(
      check,
      `${serviceUrl} does not say how its queue is`,
      'Start the service, or correct --to; a service of before cannot say.',
    )
  const words = queueWords(health)
  return words === null ? ok(check, `the queue of ${serviceUrl} answers it`) : error(check, `${serviceUrl}: ${words}`, FIX)
}

/** Null where nobody answers. */
async function healthOf(url: string): Promise<Partial<Health> | null> {
  try {
    const answer = await fetch(`${url.replace(/\/+$/, '')}/api/v1/health`, { signal: AbortSignal.timeout(5000) })
    return (await answer.json()) as Partial<Health>
  } catch {
    return null
  }
}
