import { describe, expect, it } from 'vitest'
import { makespanBound } from '../../../benchmarks/scheduling/bounds.ts'
import { Chance } from '../../../benchmarks/scheduling/chance.ts'
import { leastLoadsOf, restOf } from '../../../benchmarks/scheduling/least-loads.ts'
import { fleetOf, loadsBound } from '../../../benchmarks/scheduling/loads-bound.ts'
import { mostPartsByKind } from '../../../benchmarks/scheduling/parts-by-kind.ts'
import { canServe, drawScenario, realSpeed, type Scenario, type SimModel } from '../../../benchmarks/scheduling/scenario.ts'
import { Forest, type Work } from '../src/forest.ts'

/** A drawn fleet of up to three cards with at most three of its models, and less work, so that loads weigh. */
function tiny(seed: number): Scenario {
  const scenario = drawScenario(9000 + seed, 1 + (seed % 3), {})
  const models = scenario.models.slice(0, 3)
  const chance = new Chance(seed)
  const tasks = models.map(({ key, tokensPerSecond }) => ({
    lane: key,
    chunks: [chance.between(60, 1500) * tokensPerSecond],
    next: null,
  }))
  return { ...scenario, models, sweeps: [{ id: 's', at: 0, weight: 1, isSmall: false, tasks }] }
}

function workOf({ slots, models, sweeps }: Scenario): Work {
  const pairs = models.flatMap((model) => slots.map((card) => ({ model, card })))
  return {
    slotCount: slots.length,
    laneCount: models.length,
    may: Uint8Array.from(pairs, ({ card, model }) => Number(canServe(card, model))),
    speed: Float64Array.from(pairs, ({ card, model }) => (canServe(card, model) ? model.tokensPerSecond * realSpeed(card) : 0)),
    load: Float64Array.from(pairs, ({ model }) => model.loadSeconds),
    tokens: Float64Array.from(
      sweeps.flatMap(({ tasks }) => tasks),
      ({ chunks }) => chunks[0] as number,
    ),
  }
}

/** Ends and loads, idle cards counted, of all schedules that need no other beside them: one graph without cycles each. */
function schedulesOf(scenario: Scenario): { end: number; loads: number }[] {
  const work = workOf(scenario)
  const pairs = [...work.may.keys()].filter((at) => work.may[at] === 1)
  const able = new Set(pairs.map((at) => at % work.slotCount))
  const forest = new Forest(work)
  return Array.from({ length: 2 ** pairs.length }, (_, set) => pairs.filter((_pair, i) => (set >> i) & 1)).flatMap((edges) => {
    const ends = forest.set(edges) ? forest.balance() : null
    if (ends === null) return []
    const idle = able.size - new Set(edges.map((at) => at % work.slotCount)).size
    return [{ end: Math.max(...ends), loads: edges.length + idle }]
  })
}

/** The same with a small sweep of up to five minutes on a model of its own; its card is in the middle of another lane. */
function tinyInterrupted(seed: number): Scenario {
  const { slots } = drawScenario(9000 + seed, 1 + (seed % 3), { small: true })
  const rest = { ...tiny(seed), slots }
  const models = rest.models.filter((model) => slots.some((card) => canServe(card, model))).slice(0, 2)
  const tasks = rest.sweeps[0]?.tasks.filter(({ lane }) => models.some(({ key }) => key === lane)) ?? []
  const drawn = drawScenario(9000 + seed, 1, { small: true }).models.find(({ key }) => key.startsWith('small')) as SimModel
  const chunks = [new Chance(seed).between(30, 300) * drawn.tokensPerSecond]
  const small = { id: 'small', at: 60, weight: 1, isSmall: true, tasks: [{ lane: drawn.key, chunks, next: null }] }
  return { ...rest, models: [...models, drawn], sweeps: [{ id: 's', at: 0, weight: 1, isSmall: false, tasks }, small] }
}

/** Of each card that serves the small sweep one other lane is loaded again: the quickest to load of those that it serves, which no schedule can better. */
function interruptedSchedulesOf(scenario: Scenario): { end: number; loads: number }[] {
  const work = workOf(scenario)
  const { slotCount } = work
  const small = scenario.models.length - 1
  const pairs = [...work.may.keys()].filter((at) => work.may[at] === 1)
  const able = new Set(pairs.map((at) => at % slotCount))
  return Array.from({ length: 2 ** pairs.length }, (_, set) => pairs.filter((_pair, i) => (set >> i) & 1)).flatMap((edges) => {
    const load = work.load.slice()
    const takers = edges.filter((at) => at >= small * slotCount)
    for (const at of takers) {
      const others = edges.filter((other) => other < small * slotCount && other % slotCount === at % slotCount)
      load[at] = (load[at] as number) + Math.min(...others.map((other) => work.load[other] as number))
    }
    const forest = new Forest({ ...work, load })
    const ends = takers.every((at) => load[at] !== Number.POSITIVE_INFINITY) && forest.set(edges) ? forest.balance() : null
    if (ends === null) return []
    const idle = able.size - new Set(edges.map((at) => at % slotCount)).size
    return [{ end: Math.max(...ends), loads: edges.length + takers.length + idle }]
  })
}

/** The rest done, with every card that can work at work, then the small sweep on any cards: `end` is the rest's. */
function schedulesThenSmallOf(scenario: Scenario): { end: number; loads: number }[] {
  const { may, slotCount } = workOf(scenario)
  const pairs = [...may.keys()].filter((at) => may[at] === 1)
  const able = new Set(pairs.map((at) => at % slotCount))
  const smallFrom = (scenario.models.length - 1) * slotCount
  const workers = new Set(pairs.filter((at) => at < smallFrom).map((at) => at % slotCount))
  const forest = new Forest(workOf(restOf(scenario)))
  return Array.from({ length: 2 ** pairs.length }, (_, set) => pairs.filter((_pair, i) => (set >> i) & 1)).flatMap((edges) => {
    const [ofRest, ofSmall] = [edges.filter((at) => at < smallFrom), edges.filter((at) => at >= smallFrom)]
    const atWork = new Set(ofRest.map((at) => at % slotCount))
    const ends = ofSmall.length > 0 && atWork.size === workers.size && forest.set(ofRest) ? forest.balance() : null
    if (ends === null) return []
    const idle = able.size - new Set(edges.map((at) => at % slotCount)).size
    return [{ end: Math.max(...ends), loads: edges.length + idle }]
  })
}

function boundByKind(scenario: Scenario, end: number): number {
  const fleet = fleetOf(scenario, end)
  return fleet.cards.length + fleet.models.length - mostPartsByKind(fleet, fleet.models.length)
}

describe('bounds of the scheduling benchmark, beside all schedules of tiny fleets', () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))('case %i', (seed) => {
    const scenario = tiny(seed)
    const all = schedulesOf(scenario)
    const soonest = Math.min(...all.map(({ end }) => end))
    expect(makespanBound(scenario)).toBeLessThanOrEqual(soonest * 1.000001)
    for (const share of [1.0001, 1.05, 1.2, 2]) {
      const end = share * soonest
      const fewest = Math.min(...all.filter((one) => one.end <= end).map(({ loads }) => loads))
      expect(loadsBound(scenario, end)).toBeLessThanOrEqual(fewest)
      expect(boundByKind(scenario, end)).toBeLessThanOrEqual(fewest)
    }
  })

  it.each(Array.from({ length: 60 }, (_, seed) => seed))('with a small sweep that interrupts a lane (case %i)', (seed) => {
    const scenario = tinyInterrupted(seed)
    const all = interruptedSchedulesOf(scenario)
    const soonest = Math.min(...all.map(({ end }) => end))
    expect(soonest).toBeLessThan(Number.POSITIVE_INFINITY)
    for (const share of [1.0001, 1.05, 1.2, 2]) {
      const end = share * soonest
      const fewest = Math.min(...all.filter((one) => one.end <= end).map(({ loads }) => loads))
      expect(leastLoadsOf(scenario, { end, restEnd: Number.POSITIVE_INFINITY })).toBeLessThanOrEqual(fewest)
    }
  })

  it.each(Array.from({ length: 60 }, (_, seed) => seed))(
    'with a small sweep that comes when the rest is done (case %i)',
    (seed) => {
      const scenario = tinyInterrupted(seed)
      const all = schedulesThenSmallOf(scenario)
      const soonest = Math.min(...all.map(({ end }) => end))
      for (const share of [1.0001, 1.05, 1.2, 2]) {
        const restEnd = share * soonest
        const sweeps = scenario.sweeps.map((sweep) => (sweep.isSmall ? { ...sweep, at: restEnd } : sweep))
        const fewest = Math.min(...all.filter((one) => one.end <= restEnd).map(({ loads }) => loads))
        const end = restEnd + 86_400
        expect(leastLoadsOf({ ...scenario, sweeps }, { end, restEnd })).toBeLessThanOrEqual(fewest)
      }
    },
  )

  it.each(Array.from({ length: 20 }, (_, seed) => seed))('by kinds of cards is no more than by cards (case %i)', (seed) => {
    const scenario = drawScenario(9000 + seed, 4 + (seed % 4), {})
    const end = 1.05 * makespanBound(scenario)
    expect(boundByKind(scenario, end)).toBeLessThanOrEqual(loadsBound(scenario, end))
  })
})
