import type { HostView, LaneView } from '@sweepboard/results'
import type { FleetSnapshot } from './fleet-snapshot.ts'
import { formatCount, formatSeconds } from './progress.ts'
import { queueWords } from './queue-words.ts'
import { isStoppedByBudget } from './state-words.ts'
import { type Column, renderTable } from './table.ts'
import { sayUnservable } from './unservable.ts'
import { wrap } from './wrap.ts'

type Slot = HostView['slots'][number]

/** Sweeps, lanes, slots: as wide as the terminal, readable from 60 columns on. Untrusted names are made visible. */
export function fleetTable(snapshot: FleetSnapshot, width: number): string {
  const { sweeps, lanes, hosts, health } = snapshot
  const slots = hosts.flatMap((host) => host.slots.map((slot) => ({ host, slot })))
  const serving = slots.filter(({ slot }) => slot.state === 'serving' && slot.lane !== null).length
  const unservable = sayUnservable(lanes).flatMap((line) => wrap(line, width))
  const away = queueWords(health)
  const parts = [
    `${count(hosts.length, 'host')}, ${count(slots.length, 'slot')}, ${serving} serving`,
    ...(away === null ? [] : [wrap(away, width).join('\n')]),
    sweepsTable(sweeps, width),
    ...(lanes.length > 0 ? [lanesTable(lanes, width)] : []),
    ...(unservable.length > 0 ? [unservable.join('\n')] : []),
    ...(slots.length > 0 ? [slotsTable(slots, new Map(lanes.map((lane) => [lane.lane, lane])), width)] : []),
  ]
  return parts.join('\n\n')
}

function sweepsTable(sweeps: FleetSnapshot['sweeps'], width: number): string {
  if (sweeps.length === 0) return 'No sweep yet.'
  const columns: Column[] = [
    { title: 'sweep', min: 8 },
    { title: 'state', min: 9 },
    { title: 'cells', align: 'right' },
    { title: 'failed', align: 'right' },
    { title: 'ETA', align: 'right' },
    { title: 'tokens/s', align: 'right', isOptional: true },
    { title: 'tokens', align: 'right', isOptional: true },
    { title: 'id', min: 17, isOptional: true },
  ]
  const rows = sweeps.map((sweep) => [
    sweep.name,
    isStoppedByBudget(sweep) ? 'over budget' : sweep.state,
    `${sweep.cells.scored}/${sweep.cells.total}`,
    String(sweep.cells.failed),
    eta(sweep.etaSeconds),
    rate(sweep.tokensPerSecond),
    `${formatCount(sweep.tokens.done)}/${formatCount(sweep.tokens.total)}`,
    sweep.id,
  ])
  return renderTable(columns, rows, width)
}

function lanesTable(lanes: readonly LaneView[], width: number): string {
  const columns: Column[] = [
    { title: 'lane', min: 14 },
    { title: 'slots', align: 'right' },
    { title: 'chunks', align: 'right' },
    { title: 'tokens', align: 'right' },
    { title: 'ETA', align: 'right' },
    { title: 'tokens/s', align: 'right', isOptional: true },
    { title: 'leases', align: 'right', isOptional: true },
    { title: 'engine', min: 6, isOptional: true },
  ]
  const rows = lanes.map((lane) => [
    lane.model,
    String(lane.slots),
    formatCount(lane.todoChunks),
    formatCount(lane.todoTokens + lane.openTokens),
    eta(lane.etaSeconds),
    rate(lane.tokensPerSecond),
    String(lane.openLeases),
    `${lane.engine} ${lane.dtype}`,
  ])
  return renderTable(columns, rows, width)
}

function slotsTable(
  slots: readonly { host: HostView; slot: Slot }[],
  lanes: ReadonlyMap<string, LaneView>,
  width: number,
): string {
  const columns: Column[] = [
    { title: 'host', min: 6 },
    { title: 'slot', min: 6 },
    { title: 'state', min: 8 },
    { title: 'lane', min: 10 },
    { title: 'tokens/s', align: 'right' },
    { title: 'memory', align: 'right' },
    { title: '°C', align: 'right', isOptional: true },
    { title: 'use', align: 'right', isOptional: true },
    { title: 'jobs', align: 'right', isOptional: true },
    { title: 'device', min: 8, isOptional: true },
    { title: 'beat', align: 'right', isOptional: true },
  ]
  const rows = slots.map(({ host, slot }) => [
    host.hostname,
    slot.id,
    stateOf(slot),
    slot.lane === null ? '' : (lanes.get(slot.lane)?.model ?? slot.lane.slice(0, 12)),
    rate(slot.lane === null ? null : (slot.tokensPerSecond[slot.lane] ?? null)),
    memory(slot),
    slot.reading?.temperatureC == null ? '' : String(Math.round(slot.reading.temperatureC)),
    slot.reading?.utilization == null ? '' : `${Math.round(100 * slot.reading.utilization)} %`,
    // Leases are held by a host, not by one of its slots.
    slot === host.slots[0] ? String(host.holding) : '',
    slot.deviceName ?? slot.device,
    slot === host.slots[0] ? formatSeconds(host.silentForMs / 1000) : '',
  ])
  return renderTable(columns, rows, width)
}

/** What scores has no model to serve: it is ready. */
function stateOf({ state, lane, closed }: Slot): string {
  const shown = state === 'serving' && lane === null ? 'ready' : state
  return closed.length === 0 ? shown : `${shown}, ${closed.length} closed`
}

/** Used of all, in GiB; only all where nothing can be read; nothing on an endpoint. */
function memory({ device, memoryBytes, reading }: Slot): string {
  if (device === 'endpoint' || memoryBytes === 0) return ''
  const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1)
  const used = reading?.memoryUsedBytes
  return used == null ? `${gib(memoryBytes)}G` : `${gib(used)}/${gib(memoryBytes)}G`
}

const rate = (value: number | null) => (value === null ? '' : formatCount(value))
const eta = (seconds: number | null) => (seconds === null ? '' : formatSeconds(seconds))
const count = (many: number, what: string) => `${many} ${what}${many === 1 ? '' : 's'}`
