import { loadsBound } from './loads-bound.ts'
import { type Card, canServe, realSpeed, type Scenario, type SimModel } from './scenario.ts'

/** Without the small sweeps and the models that only they use. */
export function restOf(scenario: Scenario): Scenario {
  const sweeps = scenario.sweeps.filter(({ isSmall }) => !isSmall)
  const used = new Set(sweeps.flatMap(({ tasks }) => tasks.flatMap((task) => [task.lane, task.next?.lane ?? task.lane])))
  return { ...scenario, sweeps, models: scenario.models.filter(({ key }) => used.has(key)) }
}

/**
 * The fewest loads of any schedule that ends by `end`, where nobody knows of a small sweep before it comes.
 *
 * One that comes before `restEnd`, by which the rest has to end where none comes, interrupts a lane: the card that serves it within its bounded wait is in the middle of
 * one, which it loads again. Without that load again it is a schedule of everything; without the small sweep's load too it is one of the rest, that ends no later: so
 * loads are at least 1 more than those of everything, and 2 more than those of the rest.
 *
 * One that comes later finds the rest done: until then all went as if none came, and so within `restEnd`. Its load is one more, on a card that worked, and as many as
 * it takes to end it by `end`; cards that nothing but the small sweep fits are loads too, or idle.
 */
export function leastLoadsOf(scenario: Scenario, { end, restEnd }: { readonly end: number; readonly restEnd: number }): number {
  const small = scenario.sweeps.filter(({ isSmall }) => isSmall)
  const all = loadsBound(scenario, end)
  if (small.length === 0) return all
  const rest = restOf(scenario)
  if (small.length > 1 || small.some(({ at }) => at < restEnd))
    return Math.max(all + small.length, loadsBound(rest, end) + 2 * small.length)
  const fits = (card: Card, models: readonly SimModel[]) => models.some((model) => canServe(card, model))
  const spare = scenario.slots.filter((card) => fits(card, scenario.models) && !fits(card, rest.models))
  const own = small.reduce((sum, sweep) => sum + cardsFor(scenario, sweep, end), 0)
  return Math.max(all, loadsBound(rest, restEnd) + Math.max(1, spare.length, own))
}

/** The fewest cards that end a sweep of one model by `end`: each loads it once it has come. All of them where they do not. */
function cardsFor({ slots, models }: Scenario, { at, tasks }: Scenario['sweeps'][number], end: number): number {
  const model = models.find(({ key }) => key === tasks[0]?.lane)
  if (model === undefined) return 0
  const tokens = tasks.reduce((sum, { chunks }) => sum + chunks.reduce((all, one) => all + one, 0), 0)
  const speeds = slots.filter((card) => canServe(card, model)).map((card) => model.tokensPerSecond * realSpeed(card))
  let together = 0
  const needed = speeds
    .toSorted((a, b) => b - a)
    .findIndex((speed) => {
      together += speed
      return at + model.loadSeconds + tokens / together <= end
    })
  return needed < 0 ? speeds.length : needed + 1
}
