import { setTimeout as delay } from 'node:timers/promises'
import { SweepError } from '@sweepboard/contracts'
import type { FleetSnapshot } from './fleet-snapshot.ts'
import { fleetTable } from './fleet-table.ts'
import { openScreen, type Terminal } from './screen.ts'

const REFRESH_MS = 1000

export interface LiveOptions {
  readonly read: () => Promise<FleetSnapshot>
  /** What the first line says beside the state of the service. */
  readonly title: string
  readonly terminal: Terminal
  readonly signal: AbortSignal
  readonly everyMs?: number
}

/** Shows a fleet until `signal` aborts; goes on with what it knew last while the service is away. Other failures end it. */
export async function showLive({ read, title, terminal, signal, everyMs = REFRESH_MS }: LiveOptions): Promise<void> {
  let known: FleetSnapshot = await read()
  let away: string | null = null
  const screen = openScreen(terminal)
  try {
    while (!signal.aborted) {
      screen.draw((width) => `${cut(away === null ? title : `${title}: ${away}`, width)}\n${fleetTable(known, width)}`)
      await delay(everyMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      try {
        known = await read()
        away = null
      } catch (thrown) {
        if (!(thrown instanceof SweepError) || (thrown.kind !== 'unavailable' && thrown.kind !== 'timeout')) throw thrown
        away = 'the service does not answer; this is what it said last'
      }
    }
  } finally {
    screen.close()
  }
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}
