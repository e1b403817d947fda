import { type Card, canServe, realSpeed, type Scenario, type SimModel, type SimTask } from './scenario.ts'

/** Tokens of a scenario by model and time of arrival; a second stage counts as if it came with its first. */
export function workOf(scenario: Scenario): { model: SimModel; at: number; tokens: number }[] {
  const models = new Map(scenario.models.map((model) => [model.key, model]))
  const of = (task: SimTask, at: number): { model: SimModel; at: number; tokens: number }[] => [
    { model: models.get(task.lane) as SimModel, at, tokens: task.chunks.reduce((sum, one) => sum + one, 0) },
    ...(task.next === null ? [] : of(task.next, at)),
  ]
  return scenario.sweeps.flatMap((sweep) => sweep.tasks.flatMap((task) => of(task, sweep.at)))
}

/**
 * No schedule ends sooner, in seconds. For each memory size m, the models above m can only be served by the cards above m (nested sets), so
 * their work, in seconds of a card of speed 1, needs those cards' real speeds together, and the time that they lose to loads (`lostToLoads`). For each
 * arrival r, what comes at r or later cannot be begun before r. The bound is the largest of these: the value of a relaxation in
 * which work is divisible at will and only those loads cost time, hence below every real schedule.
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
  const speed = able.reduce((sum, card) => sum + realSpeed(card), 0)
  if (speed === 0) return 0
  return from > 0 ? from + seconds / speed : (seconds + lostToLoads(able, models)) / speed
}

/**
 * Work that cards cannot do for loading these models, at least, in seconds of a card of speed 1, where all of it is done by these cards.
 * Each card loads first, at least its quickest model, or does nothing, which loses more; these first loads are of at most as many models as there
 * are cards, the others' are beside them. And each model is loaded once, if only on the slowest card that can serve it.
 */
export function lostToLoads(cards: readonly Card[], models: readonly SimModel[]): number {
  const once = models.map((model) => {
    const able = cards.filter((card) => canServe(card, model)).map(realSpeed)
    return able.length === 0 ? 0 : model.loadSeconds * Math.min(...able)
  })
  const sum = (list: readonly number[]) => list.reduce((total, one) => total + one, 0)
  const first = sum(
    cards.map((card) => {
      const own = models.filter((model) => canServe(card, model)).map(({ loadSeconds }) => loadSeconds)
      return own.length === 0 ? 0 : realSpeed(card) * Math.min(...own)
    }),
  )
  const others = once.toSorted((a, b) => a - b).slice(0, Math.max(0, models.length - cards.length))
  return Math.max(sum(once), first + sum(others))
}
