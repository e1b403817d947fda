import type { Card, Scenario, SimModel, SimTask } from './scenario.ts'
import { canServe } from './simulate.ts'

/** Tokens of a scenario by model and time of arrival; a second stage counts as if it came with its first. */
function workOf(scenario: Scenario): { model: SimModel; at: number; tokens: number }[] {
  const models = new Map(scenario.models.map((model) => [model.key, model]))
  const of = (task: SimTask, at: number): { model: SimModel; at: number; tokens: number }[] => [
    { model: models.get(task.lane) as SimModel, at, tokens: task.chunks.reduce((sum, one) => sum + one, 0) },
    ...(task.next === null ? [] : of(task.next, at)),
  ]
  return scenario.sweeps.flatMap((sweep) => sweep.tasks.flatMap((task) => of(task, sweep.at)))
}

/**
 * No schedule ends sooner, in seconds. For each memory size m, the models above m can only be served by the cards above m (nested sets),
 * so their work, in seconds of a card of speed 1, needs those cards' speeds together. For each arrival r, what comes at r or later cannot be begun before r.
 * From r = 0 no card works before its first load, which takes at least as long as the quickest model of the set does; and each model is
 * loaded at least once on some card, which takes that card's time. The bound is the largest of these; it is the value of the linear
 * relaxation (work divisible at will, later loads free), hence below every real schedule.
 */
export function makespanBound(scenario: Scenario): number {
  const work = workOf(scenario)
  const sizes = [0, ...new Set(scenario.models.map(({ memoryBytes }) => memoryBytes - 1))]
  const arrivals = [...new Set(work.map(({ at }) => at))]
  return Math.max(...sizes.flatMap((size) => arrivals.map((from) => boundOf(scenario, work, { size, from }))))
}

function boundOf(scenario: Scenario, work: ReturnType<typeof workOf>, { size, from }: { size: number; from: number }): number {
  const heavy = work.filter(({ model, at }) => model.memoryBytes > size && at >= from)
  const models = [...new Set(heavy.map(({ model }) => model))]
  const able = scenario.slots.filter((card) => models.some((model) => canServe(card, model)))
  const seconds = heavy.reduce((sum, { model, tokens }) => sum + tokens / model.tokensPerSecond, 0)
  const speed = able.reduce((sum, card) => sum + card.speed, 0)
  if (speed === 0) return 0
  if (from > 0) return from + seconds / speed
  const first = Math.min(...models.map(({ loadSeconds }) => loadSeconds))
  const loads = Math.min(...able.map((card) => card.speed)) * models.reduce((sum, { loadSeconds }) => sum + loadSeconds, 0)
  return Math.max(first + seconds / speed, (seconds + loads) / speed)
}

/**
 * The fewest loads of a schedule that ends at the makespan bound and leaves no card idle that fits some model. Draw a graph: cards and
 * models as points, an edge where the card ever loads the model; its edges are at most the loads. Each connected part with k cards
 * and n models has at least k + n - 1 edges, and its cards must be able to do its models' work in time. So loads >= cards + models - parts,
 * and parts are at most the groups into which the models can be divided such that each group has cards of its own that do its work in time (small
 * fleets: over all divisions of cards and models; others: see `mostParts`). For more
 * models than can be divided by trying, each model alone needs its least number of cards. A sweep that comes later and is to be
 * served within a bounded wait costs the card it interrupts one more load, of what it had.
 */
export function loadsBound(scenario: Scenario, end: number): number {
  const work = workOf(scenario)
  const { models } = scenario
  const tokens = models.map((model) => work.reduce((sum, one) => sum + (one.model === model ? one.tokens : 0), 0))
  const cards = scenario.slots.filter((card) => models.some((model) => canServe(card, model)))
  const least = (group: readonly number[]): number => leastCards(scenario, group, { tokens, end })
  const alone = models.reduce((sum, _, m) => sum + least([m]), 0)
  const interruptions = scenario.sweeps.filter(({ isSmall, at }) => isSmall || at > 0).length
  if (models.length > 13) return Math.max(cards.length, alone) + interruptions
  const seconds = models.map((model, m) => (tokens[m] as number) / model.tokensPerSecond)
  const isTried = cards.length <= 8 && models.length <= 7
  const parts = isTried ? mostPartsOf(cards, models, { seconds, end }) : mostParts(seconds, cards, end)
  return Math.max(alone, cards.length + models.length - parts) + interruptions
}

/** How many of the fastest fitting cards a group of models needs to end in time. */
function leastCards(
  scenario: Scenario,
  group: readonly number[],
  { tokens, end }: { tokens: readonly number[]; end: number },
): number {
  const models = group.map((m) => scenario.models[m] as SimModel)
  let seconds = group.reduce((sum, m, i) => sum + (tokens[m] as number) / (models[i] as SimModel).tokensPerSecond, 0)
  const speeds = scenario.slots.filter((card) => models.some((model) => canServe(card, model))).map(({ speed }) => speed)
  let count = 0
  for (const speed of speeds.sort((a, b) => b - a)) {
    if (seconds <= 0) break
    seconds -= speed * end
    count += 1
  }
  return Math.max(1, count)
}

/** All cards' speeds are multiples of this. */
const SPEED_STEP = 0.05

/**
 * The most groups into which models can be divided: a group's cards together have a multiple of `SPEED_STEP` as their speed, and what they have
 * more than the group's work needs is lost to the others, who cannot lose more than all cards have more than all the work.
 */
function mostParts(seconds: readonly number[], cards: readonly Card[], end: number): number {
  const count = seconds.length
  const whole = (1 << count) - 1
  const lost = Array.from({ length: whole + 1 }, (_, set) => {
    const needed = seconds.reduce((sum, one, m) => sum + ((set >> m) & 1 ? one : 0), 0)
    return Math.ceil(needed / (SPEED_STEP * end) - 1e-9) * SPEED_STEP * end - needed
  })
  // least[set][parts]: what is lost at least where the set is divided into so many parts.
  const least: number[][] = [[0]]
  for (let set = 1; set <= whole; set += 1) {
    const row: number[] = []
    const lowest = set & -set
    for (let part = set; part > 0; part = (part - 1) & set) {
      if ((part & lowest) === 0) continue
      for (const [parts, before] of (least[set ^ part] ?? []).entries()) {
        if (before !== undefined)
          row[parts + 1] = Math.min(row[parts + 1] ?? Number.POSITIVE_INFINITY, before + (lost[part] as number))
      }
    }
    least[set] = row
  }
  const spare = end * cards.reduce((sum, { speed }) => sum + speed, 0) - seconds.reduce((sum, one) => sum + one, 0)
  return (least[whole] ?? []).reduce((most, waste, parts) => (waste <= spare ? Math.max(most, parts) : most), 1)
}

/** The same over all ways to give each group cards of its own. */
function mostPartsOf(
  cards: readonly Card[],
  models: readonly SimModel[],
  { seconds: work, end }: { seconds: readonly number[]; end: number },
): number {
  const isAble = (group: number, own: number): boolean => {
    let seconds = 0
    for (const [m, one] of work.entries()) if ((group >> m) & 1) seconds += one
    const able = cards.filter((card, c) => (own >> c) & 1 && models.some((model, m) => (group >> m) & 1 && canServe(card, model)))
    return seconds <= end * able.reduce((sum, { speed }) => sum + speed, 0)
  }
  const allModels = (1 << models.length) - 1
  const memo = new Map<number, number>()
  const most = (group: number, own: number): number => {
    if (group === 0) return 0
    const key = group * 256 + own
    const known = memo.get(key)
    if (known !== undefined) return known
    let best = Number.NEGATIVE_INFINITY
    const lowest = group & -group
    for (let part = group; part > 0; part = (part - 1) & group) {
      if ((part & lowest) === 0) continue
      for (let withCards = own; withCards > 0; withCards = (withCards - 1) & own) {
        if (isAble(part, withCards)) best = Math.max(best, 1 + most(group ^ part, own ^ withCards))
      }
    }
    memo.set(key, best)
    return best
  }
  return Math.max(1, most(allModels, (1 << cards.length) - 1))
}
