// Milliseconds of processor time of one lane choice: `node start.mjs benchmarks/scheduling/choice-cost.ts [slots] [lanes] [choices]`.
import { chooseLanes, freshSlot, type Lane, type LanePlan, type LaneSlot } from '@sweepboard/dispatch'

const [slotCount, laneCount, choices] = [1000, 50, 500].map((usual, i) => Number(process.argv[2 + i] ?? usual)) as [
  number,
  number,
  number,
]
const GIGABYTES = [8, 18, 28, 38, 48]
let slots: LaneSlot[] = Array.from({ length: slotCount }, (_, i) =>
  freshSlot({
    id: `s${i}`,
    device: 'cuda',
    memoryBytes: (GIGABYTES[i % 5] as number) * 1e9,
    deviceCount: 1,
    deviceName: `${i % 5}`,
  }),
)
const lanes: Lane[] = Array.from({ length: laneCount }, (_, i) => ({
  key: `l${i}`,
  devices: ['cuda'],
  memoryBytes: (i % 5) * 9e9,
  memoryShare: 1,
  spansDevices: true,
  parameterCount: null,
  weights: null,
  keyVariable: null,
  maxSlots: null,
  loadSeconds: 15 + i,
  remainingTokens: 2e7 * (1 + i),
  unservedForMs: 0,
  sweeps: [],
}))

/** As many seconds of work as choices are done, each second by a choice; slots have measured what they serve. */
let plan: LanePlan | undefined
const times: number[] = []
for (let second = 0; second <= choices; second += 1) {
  const left = lanes.map((lane) => ({ ...lane, remainingTokens: lane.remainingTokens * (1 - (0.2 * second) / choices) }))
  const from = process.cpuUsage()
  const choice = chooseLanes({ slots, lanes: left, plan, now: 1000 * second })
  const { user, system } = process.cpuUsage(from)
  times.push((user + system) / 1000)
  plan = choice.plan
  slots = slots.map((slot) => {
    const lane = choice.slots.get(slot.id) ?? null
    const measured = lane === null ? {} : { tokensPerSecond: { [lane]: 1950 }, loadSeconds: { [lane]: 20 } }
    return { ...slot, ...measured, lane, laneForMs: lane === slot.lane ? slot.laneForMs + 1000 : 0 }
  })
}
const [first, ...rest] = times
const sorted = rest.toSorted((a, b) => a - b)
const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] as number).toFixed(1)
console.log(
  `${slotCount} slots x ${laneCount} lanes, ms of processor time of a choice: the first ${first?.toFixed(1)}, then median ${at(0.5)}, 90 % ${at(0.9)}, worst ${at(1)}`,
)
