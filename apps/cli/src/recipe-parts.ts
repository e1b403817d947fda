import type { Cleaning, Pooling, SideRecipe } from '@sweepboard/contracts'

/** Both sides of a recipe for one task, instructions filled in. */
export interface Sides {
  readonly query: SideRecipe
  readonly document: SideRecipe
}

export const PARTS = ['prompt', 'closing token', 'pooling', 'padding', 'max tokens', 'dtype', 'cleaning'] as const
export type PartName = (typeof PARTS)[number]

/** One part of a recipe changed, all else left as it is. */
export interface SidesChange {
  readonly part: PartName
  /** What was done, short: `mean instead of cls`. */
  readonly change: string
  readonly apply: (sides: Sides) => Sides
}

export interface PartFacts {
  /** The sides in use. */
  readonly sides: Sides
  /** Recipes that others wrote down for this model and task: its folder's own, the card of the published model; in order. */
  readonly known: readonly { readonly from: string; readonly sides: Sides }[]
  /** Closing tokens the tokenizer has and does not append by itself. */
  readonly closingTokens: readonly string[]
}

const POOLINGS: readonly Pooling[] = ['mean', 'cls', 'lasttoken']
const LENGTHS = [64, 128, 256, 512]
const CLEANINGS: readonly (readonly Cleaning[])[] = [['nfkc', 'whitespace', 'punctuation']]

/**
 * Every change of one part that is worth a try: what other recipes known for the model say first, then the usual suspects. Changes
 * that leave both sides as they are come out nowhere. Pure.
 */
export function sidesChanges(facts: PartFacts): SidesChange[] {
  const all = [...prompts(facts), ...closings(facts), ...poolings(facts), ...lengths(facts), ...cleanings(facts)]
  const seen = new Set([JSON.stringify(facts.sides)])
  return all.filter(({ apply }) => {
    const key = JSON.stringify(apply(facts.sides))
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

function prompts({ sides, known }: PartFacts): SidesChange[] {
  const promptOf = ({ template, instruction, suffix }: SideRecipe) => ({ template, instruction, ...(suffix ? { suffix } : {}) })
  const put = (side: SideRecipe, from: SideRecipe): SideRecipe => {
    const { suffix: _suffix, ...rest } = side
    return { ...rest, ...promptOf(from) }
  }
  const bare = (side: SideRecipe): SideRecipe => ({ ...side, template: '{text}', instruction: null })
  return [
    ...known.map(({ from, sides: theirs }) => ({
      part: 'prompt' as const,
      change: `as ${from} says: ${describePrompt(theirs)}`,
      apply: ({ query, document }: Sides) => ({ query: put(query, theirs.query), document: put(document, theirs.document) }),
    })),
    {
      part: 'prompt',
      change: 'off',
      apply: ({ query, document }) => ({ query: bare(query), document: bare(document) }),
    },
    {
      part: 'prompt',
      change: 'on the other side',
      apply: ({ query, document }) => ({ query: put(query, sides.document), document: put(document, sides.query) }),
    },
    {
      part: 'prompt',
      change: "the query's on both sides",
      apply: ({ query, document }) => ({ query, document: put(document, sides.query) }),
    },
  ]
}

function describePrompt({ query, document }: Sides): string {
  const show = (side: SideRecipe) => {
    const text = side.template.replace('{instruction}', side.instruction ?? '').replace('{text}', '')
    return text === '' ? 'none' : JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text)
  }
  return `query ${show(query)}, document ${show(document)}`
}

/** One value on both sides. */
function both(patch: Partial<SideRecipe>): SidesChange['apply'] {
  return ({ query, document }) => ({ query: { ...query, ...patch }, document: { ...document, ...patch } })
}

function closings({ sides, known, closingTokens }: PartFacts): SidesChange[] {
  const named = [...known.map((one) => one.sides.query.closingToken), ...closingTokens]
  const own = sides.query.closingToken
  const tokens = [...new Set(named)].filter((token): token is string => token !== null && token !== own)
  const off: SidesChange[] =
    own === null ? [] : [{ part: 'closing token', change: `${own} left out`, apply: both({ closingToken: null }) }]
  return [
    ...off,
    ...tokens.map((token) => ({
      part: 'closing token' as const,
      change: own === null ? `${token} appended` : `${token} instead of ${own}`,
      apply: both({ closingToken: token }),
    })),
  ]
}

function poolings({ sides, known }: PartFacts): SidesChange[] {
  const own = sides.query.pooling
  if (own === 'none') return [] // the model pools by itself
  const names = [...new Set([...known.map((one) => one.sides.query.pooling), ...POOLINGS])]
  return names
    .filter((name) => name !== own && name !== 'none')
    .map((pooling) => ({ part: 'pooling', change: `${pooling} instead of ${own}`, apply: both({ pooling }) }))
}

function lengths({ sides, known }: PartFacts): SidesChange[] {
  const own = sides.query.maxTokens
  const shown = (length: number | null) => (length === null ? 'no limit' : `${length}`)
  const around = own === null ? LENGTHS : [own / 2, own * 2].filter(Number.isInteger)
  const all = [...new Set([...known.map((one) => one.sides.query.maxTokens), ...around])]
  return all
    .filter((length) => length !== own)
    .map((maxTokens) => ({
      part: 'max tokens',
      change: `${shown(maxTokens)} instead of ${shown(own)}`,
      apply: both({ maxTokens }),
    }))
}

function cleanings({ sides, known }: PartFacts): SidesChange[] {
  const own = sides.query.cleaning
  const without = ({ cleaning: _cleaning, ...side }: SideRecipe): SideRecipe => side
  const off: SidesChange[] =
    own === undefined
      ? []
      : [
          {
            part: 'cleaning',
            change: `${own.join(', ')} left out`,
            apply: ({ query, document }) => ({ query: without(query), document: without(document) }),
          },
        ]
  const lists = [...known.flatMap((one) => (one.sides.query.cleaning ? [one.sides.query.cleaning] : [])), ...CLEANINGS]
  return [
    ...off,
    ...lists.map((cleaning) => ({
      part: 'cleaning' as const,
      change: cleaning.join(', '),
      apply: both({ cleaning: [...cleaning] }),
    })),
  ]
}
