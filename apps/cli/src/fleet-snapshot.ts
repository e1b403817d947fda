import { setTimeout as delay } from 'node:timers/promises'
import type { Health, HostView, LaneView, ServiceClient, SweepView } from '@sweepboard/results'

/** A fleet at one moment, as its service knows it. */
export interface FleetSnapshot {
  /** Unended sweeps and the newest ended ones, the newest first. */
  readonly sweeps: readonly SweepView[]
  readonly lanes: readonly LaneView[]
  readonly hosts: readonly HostView[]
  readonly health: Health
}

/** Sweeps that are shown in full; a board of years has thousands. */
const SWEEPS = 12
/** A rate needs two looks that lie apart. */
const APART_MS = 400

/** Asks a service what its fleet does. The first time a running sweep is looked at twice, since its rate is the way between two looks. */
export async function readFleet(client: Pick<ServiceClient, 'get'>): Promise<FleetSnapshot> {
  const all = (await client.get('/sweeps')) as SweepView[]
  const isOpen = ({ state }: SweepView) => state === 'running' || state === 'paused'
  const shown = all.filter((sweep, i) => isOpen(sweep) || i < SWEEPS).slice(0, 4 * SWEEPS)
  const view = async (sweep: SweepView) =>
    isOpen(sweep) ? ((await client.get(`/sweeps/${encodeURIComponent(sweep.id)}`)) as SweepView) : { ...sweep, ...NO_RATE }
  let sweeps = await Promise.all(shown.map(view))
  if (sweeps.some((sweep) => sweep.state === 'running' && sweep.tokensPerSecond === null)) {
    await delay(APART_MS)
    sweeps = await Promise.all(sweeps.map(view))
  }
  const [lanes, hosts, health] = await Promise.all(['/lanes', '/hosts', '/health'].map((path) => client.get(path)))
  return { sweeps, lanes: lanes as LaneView[], hosts: hosts as HostView[], health: health as Health }
}

const NO_RATE = { tokensPerSecond: null, etaSeconds: null }
