import { lostToLoads, workOf } from './bounds.ts'
import { type Fleet, mostPartsByKind } from './parts-by-kind.ts'
import { type Card, canServe, realSpeed, type Scenario, type SimModel } from './scenario.ts'

/** All cards' speeds are multiples of this, but for what they lack of their kind's. */
const SPEED_STEP = 0.05
/** Fleets of at most so many cards and models are divided in all ways. */
const MOST_CARDS = 8
const MOST_MODELS = 7

/**
 * The fewest loads of any schedule that ends by `end`, where a card that fits some model and never serves counts as a load too. Draw a graph: cards
 * and models as points, an edge where the card ever loads the model; its edges are at most the loads. A connected part with k cards and n models
 * has at least k + n - 1 edges, and its cards must be able to do its models' work in time. So loads and idle cards are at least cards + models - parts, and
 * parts are at most the groups into which the models can be divided such that each group has cards of its own that do its work in time:
 * all divisions of cards and models are tried on small fleets (`mostPartsOf`), others see `mostParts` and `mostPartsByKind`. And each model alone needs its least
 * number of cards. What comes later counts as if it were known from the start.
 */
export function loadsBound(scenario: Scenario, end: number): number {
  const fleet = fleetOf(scenario, end)
  const { cards, models, seconds } = fleet
  const alone = models.reduce((sum, model, m) => sum + leastCards(cards, model, { seconds: seconds[m] as number, end }), 0)
  if (models.length > 13) return Math.max(cards.length, alone)
  const isTried = cards.length <= MOST_CARDS && models.length <= MOST_MODELS
  return Math.max(alone, cards.length + models.length - (isTried ? mostPartsOf(fleet) : mostPartsByKind(fleet, mostParts(fleet))))
}

/** Only cards that fit some model; all work as if it were there from the start. */
export function fleetOf(scenario: Scenario, end: number): Fleet {
  const work = workOf(scenario)
  const { models } = scenario
  const seconds = models.map((model) =>
    work.reduce((sum, one) => sum + (one.model === model ? one.tokens / model.tokensPerSecond : 0), 0),
  )
  return { cards: scenario.slots.filter((card) => models.some((model) => canServe(card, model))), models, seconds, end }
}

/** How many of the fastest fitting cards a model needs to end in time. */
function leastCards(cards: readonly Card[], model: SimModel, { seconds, end }: { seconds: number; end: number }): number {
  let left = seconds
  let count = 0
  const able = cards.filter((card) => canServe(card, model)).map(realSpeed)
  for (const speed of able.sort((a, b) => b - a)) {
    if (left <= 0) break
    left -= speed * (end - model.loadSeconds)
    count += 1
  }
  return Math.max(1, count)
}

/**
 * The most groups into which models can be divided. A group's cards have together a multiple of `SPEED_STEP` as their speed, of which they use at most the share of
 * the luckiest card, after a first load; all groups' speeds are at most all cards'.
 */
function mostParts({ cards, models, seconds, end }: Fleet): number {
  const whole = (1 << models.length) - 1
  const luck = Math.max(...cards.map((card) => card.luck))
  const speeds = Array.from({ length: whole + 1 }, (_, set) => {
    const inSet = models.map((_, m) => m).filter((m) => (set >> m) & 1)
    const needed = inSet.reduce((sum, m) => sum + (seconds[m] as number), 0)
    const first = Math.min(...inSet.map((m) => (models[m] as SimModel).loadSeconds))
    return set === 0 ? 0 : Math.ceil(needed / (luck * (end - first)) / SPEED_STEP - 1e-9)
  })
  // least[set][parts]: steps of speed needed at least where the set is divided into so many parts.
  const least: number[][] = [[0]]
  for (let set = 1; set <= whole; set += 1) {
    const row: number[] = []
    const lowest = set & -set
    for (let part = set; part > 0; part = (part - 1) & set) {
      if ((part & lowest) === 0) continue
      for (const [parts, before] of (least[set ^ part] ?? []).entries()) {
        if (before !== undefined)
          row[parts + 1] = Math.min(row[parts + 1] ?? Number.POSITIVE_INFINITY, before + (speeds[part] as number))
      }
    }
    least[set] = row
  }
  const steps = Math.round(cards.reduce((sum, { speed }) => sum + speed, 0) / SPEED_STEP)
  return (least[whole] ?? []).reduce((most, needed, parts) => (needed <= steps ? Math.max(most, parts) : most), 1)
}

/** The same over all ways to give each group cards of its own. Of the sets of cards that are able, only those of which no card can be spared. */
function mostPartsOf(fleet: Fleet): number {
  const { cards, models } = fleet
  const allCards = (1 << cards.length) - 1
  const allModels = (1 << models.length) - 1
  const ableOf = Array.from({ length: allModels + 1 }, (_, group) => {
    if (group === 0) return []
    const minimal: number[] = []
    for (let own = 1; own <= allCards; own += 1) {
      if (!minimal.some((less) => (less & ~own) === 0) && isInTime(fleet, bits(group), bits(own))) minimal.push(own)
    }
    return minimal
  })
  const memo = new Map<number, number>()
  const most = (group: number, own: number): number => {
    if (group === 0) return 0
    const key = group * (allCards + 1) + own
    const known = memo.get(key)
    if (known !== undefined) return known
    let best = Number.NEGATIVE_INFINITY
    const lowest = group & -group
    for (let part = group; part > 0; part = (part - 1) & group) {
      if ((part & lowest) === 0) continue
      for (const used of ableOf[part] ?? []) if ((used & ~own) === 0) best = Math.max(best, 1 + most(group ^ part, own ^ used))
    }
    memo.set(key, best)
    return best
  }
  return Math.max(1, most(allModels, allCards))
}

/**
 * Whether a connected part with these models and cards can end in time, for all that is known: the models above each memory size on the cards that can serve any of
 * them, and all together with the loads of the cheapest tree that joins them, as each connected part contains a tree.
 */
function isInTime({ cards, models, seconds, end }: Fleet, group: readonly number[], own: readonly number[]): boolean {
  const all = group.map((m) => models[m] as SimModel)
  const part = own.map((c) => cards[c] as Card)
  const needs = (heavy: readonly number[]): number => heavy.reduce((sum, m) => sum + (seconds[m] as number), 0)
  for (const { memoryBytes } of all) {
    const heavy = group.filter((m) => (models[m] as SimModel).memoryBytes >= memoryBytes)
    const kinds = heavy.map((m) => models[m] as SimModel)
    const able = part.filter((card) => kinds.some((model) => canServe(card, model)))
    if (able.length === 0) return false
    const speed = able.reduce((sum, card) => sum + realSpeed(card), 0)
    if (needs(heavy) + lostToLoads(able, kinds) > speed * end * (1 + 1e-9)) return false
  }
  if (!part.every((card) => all.some((model) => canServe(card, model)))) return false
  return needs(group) + cheapestTree(part, all) <= end * part.reduce((sum, card) => sum + realSpeed(card), 0) * (1 + 1e-9)
}

/** What the loads of the cheapest tree cost, in seconds of a card of speed 1 (Prim); infinite where no tree joins all. */
function cheapestTree(cards: readonly Card[], models: readonly SimModel[]): number {
  const isIn = new Set<Card | SimModel>([models[0] as SimModel])
  let cost = 0
  while (isIn.size < cards.length + models.length) {
    let [best, next]: [number, Card | SimModel | null] = [Number.POSITIVE_INFINITY, null]
    for (const card of cards) {
      for (const model of models) {
        if (isIn.has(card) === isIn.has(model) || !canServe(card, model)) continue
        const edge = model.loadSeconds * realSpeed(card)
        if (edge < best) [best, next] = [edge, isIn.has(card) ? model : card]
      }
    }
    if (next === null) return Number.POSITIVE_INFINITY
    cost += best
    isIn.add(next)
  }
  return cost
}

function bits(set: number): number[] {
  const list: number[] = []
  for (let i = 0; set >> i > 0; i += 1) if ((set >> i) & 1) list.push(i)
  return list
}
