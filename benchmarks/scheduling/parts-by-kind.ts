import { type Card, canServe, realSpeed, type SimModel } from './scenario.ts'

/** A count of cards of each kind fits 30 bits: five for the count, one against what runs over. */
const MOST_KINDS = 5
const MOST_OF_KIND = 31
const BITS = 6
/** Larger fleets have too many sets of cards. */
const MOST_CARDS = 32
/** Divisions of the models that are tried for one number of groups. */
const MOST_DIVISIONS = 2000

export interface Fleet {
  readonly cards: readonly Card[]
  readonly models: readonly SimModel[]
  /** Of each model's work on a card of speed 1. */
  readonly seconds: readonly number[]
  readonly end: number
}

/** Cards that differ by luck only. */
interface Kind {
  readonly card: Card
  readonly count: number
  /** What the k luckiest of them do in a second. */
  readonly best: readonly number[]
}

/**
 * At most `most`, and no less than the groups into which the models can be divided such that each group has cards of its own that do its work in time: fewer where that is
 * refuted for all divisions into so many groups. A group of a number of cards of each kind does at most what the luckiest of that kind would, after a load each; in a connected
 * group of n models are n - 1 loads beside. All groups together have no more cards of a kind than there are.
 */
export function mostPartsByKind(fleet: Fleet, most: number): number {
  const kinds = kindsOf(fleet.cards)
  if (fleet.cards.length > MOST_CARDS || kinds.length > MOST_KINDS || kinds.some(({ count }) => count > MOST_OF_KIND)) return most
  const known = new Map<string, readonly number[]>()
  const coversOf = (group: readonly number[]): readonly number[] => {
    const key = group.join()
    const covers = known.get(key) ?? minimalCovers(fleet, kinds, group)
    known.set(key, covers)
    return covers
  }
  for (let parts = most; parts > 1; parts -= 1) {
    const divisions = divisionsOf(fleet.models.length, parts)
    if (divisions === null || divisions.some((groups) => isPossible(fleet, kinds, groups, coversOf))) return parts
  }
  return 1
}

function kindsOf(cards: readonly Card[]): Kind[] {
  const byKind = new Map<string, Card[]>()
  for (const card of cards) byKind.set(card.name, [...(byKind.get(card.name) ?? []), card])
  return [...byKind.values()].map((list) => {
    const best = [0]
    for (const speed of list.map(realSpeed).sort((a, b) => b - a)) best.push((best.at(-1) as number) + speed)
    return { card: list[0] as Card, count: list.length, best }
  })
}

/** All ways to divide so many models into so many groups; null where they are too many to try. */
function divisionsOf(models: number, parts: number): number[][][] | null {
  let all: number[][][] = [[]]
  for (let model = 0; model < models; model += 1) {
    const after = models - model - 1
    all = all.flatMap((groups) => [
      ...(groups.length + after >= parts
        ? groups.map((_, g) => groups.map((group, i) => (i === g ? [...group, model] : group)))
        : []),
      ...(groups.length < parts ? [[...groups, [model]]] : []),
    ])
    if (all.length > MOST_DIVISIONS) return null
  }
  return all
}

/** Numbers of cards of each kind that do for a group, `BITS` a kind, of which no card can be spared. */
function minimalCovers(fleet: Fleet, kinds: readonly Kind[], group: readonly number[]): number[] {
  const covers: number[] = []
  const counts = kinds.map(() => 0)
  const visit = (k: number): void => {
    if (k < kinds.length) {
      const { card, count } = kinds[k] as Kind
      const able = group.some((m) => canServe(card, fleet.models[m] as SimModel)) ? count : 0
      for (let of = 0; of <= able; of += 1) {
        counts[k] = of
        visit(k + 1)
      }
      counts[k] = 0
      return
    }
    if (!isEnough(fleet, kinds, group, counts)) return
    const isMinimal = counts.every((of, i) => of === 0 || !isEnough(fleet, kinds, group, counts.with(i, of - 1)))
    if (isMinimal) covers.push(counts.reduce((packed, of, i) => packed + of * 2 ** (BITS * i), 0))
  }
  visit(0)
  return covers
}

/** For the models from each memory size up: a card that does any of their work loads one of them first. For all together also the loads that join them. */
function isEnough(
  { models, seconds, end }: Fleet,
  kinds: readonly Kind[],
  group: readonly number[],
  counts: readonly number[],
): boolean {
  const all = group.map((m) => models[m] as SimModel)
  const least = Math.min(...all.map(({ loadSeconds }) => loadSeconds))
  const slowest = Math.min(...kinds.map(({ best, count }) => (best[count] as number) - (best[count - 1] as number)))
  const joined = (group.length - 1) * slowest * least
  return all.every(({ memoryBytes }) => {
    const heavy = group.filter((m) => (models[m] as SimModel).memoryBytes >= memoryBytes)
    const needed = heavy.reduce((sum, m) => sum + (seconds[m] as number), 0) + (heavy.length === group.length ? joined : 0)
    return (
      needed <=
      inTime(
        kinds,
        heavy.map((m) => models[m] as SimModel),
        counts,
        end,
      ) *
        (1 + 1e-9)
    )
  })
}

/** What so many cards of each kind do of these models until the end, at most. */
function inTime(kinds: readonly Kind[], models: readonly SimModel[], counts: readonly number[], end: number): number {
  return kinds.reduce((sum, { card, best }, k) => {
    const loads = models.filter((model) => canServe(card, model)).map(({ loadSeconds }) => loadSeconds)
    return loads.length === 0 ? sum : sum + (best[counts[k] as number] as number) * (end - Math.min(...loads))
  }, 0)
}

/** Whether there are cards for all groups: all sets of cards that the groups so far can leave over, but for those that have too little for the rest. */
function isPossible(
  fleet: Fleet,
  kinds: readonly Kind[],
  groups: readonly (readonly number[])[],
  coversOf: (group: readonly number[]) => readonly number[],
): boolean {
  const digits = (of: (kind: Kind) => number) => kinds.reduce((packed, kind, i) => packed + of(kind) * 2 ** (BITS * i), 0)
  const guard = digits(() => MOST_OF_KIND + 1)
  const limit = digits(({ count }) => count) + guard
  const ordered = groups.toSorted((a, b) => coversOf(a).length - coversOf(b).length)
  let used = new Set([0])
  for (const [g, group] of ordered.entries()) {
    const rest = ordered.slice(g + 1).flat()
    const next = new Set<number>()
    for (const before of used) {
      for (const cover of coversOf(group)) {
        const after = before + cover
        if (((limit - after) & guard) === guard) next.add(after)
      }
    }
    for (const after of next) {
      const left = kinds.map(({ count }, i) => count - ((after >> (BITS * i)) & (2 ** BITS - 1)))
      if (!isRoomFor(fleet, kinds, rest, left)) next.delete(after)
    }
    used = next
  }
  return used.size > 0
}

function isRoomFor(fleet: Fleet, kinds: readonly Kind[], rest: readonly number[], left: readonly number[]): boolean {
  return [...new Set(rest.map((m) => (fleet.models[m] as SimModel).memoryBytes))].every((memoryBytes) => {
    const heavy = rest.filter((m) => (fleet.models[m] as SimModel).memoryBytes >= memoryBytes)
    const needed = heavy.reduce((sum, m) => sum + (fleet.seconds[m] as number), 0)
    return (
      needed <=
      inTime(
        kinds,
        heavy.map((m) => fleet.models[m] as SimModel),
        left,
        fleet.end,
      ) *
        (1 + 1e-9)
    )
  })
}
