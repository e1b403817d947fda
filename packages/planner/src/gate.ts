import type { Gate } from '@sweepboard/contracts'
import { glob } from './pattern.ts'
import type { GateSpec } from './spec-schema.ts'

export interface Bound {
  readonly op: '>=' | '>' | '<=' | '<'
  readonly value: number
}

/** The bound of ">= 0.8"; a bare number means at least. Null for anything else. */
export function parseBound(text: string): Bound | null {
  const found = /^\s*(>=|>|<=|<)?\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text)
  return found ? { op: (found[1] ?? '>=') as Bound['op'], value: Number(found[2]) } : null
}

/** The gates of one `gates:` entry: one per metric bound, one for `published`. */
export function compileGate(spec: GateSpec): Gate[] {
  const { model = '*', task = '*', published, ...bounds } = spec
  const gates: Gate[] = []
  if (published) gates.push({ kind: 'published', within: Number(published.slice('within '.length)), model, task })
  for (const [metric, text] of Object.entries(bounds)) {
    const bound = parseBound(String(text))
    if (bound) gates.push({ kind: 'metric', metric, ...bound, model, task })
  }
  return gates
}

/** A cell as gates see it. */
export interface GateCell {
  readonly model: string
  readonly task: string
  readonly metrics: Readonly<Record<string, number | null>>
  readonly mainScore: number | null
  readonly isDefaultConfig: boolean
  /** Published main score of the same model, task, subset and split; null when there is none. */
  readonly published: number | null
}

export interface GateOutcome {
  readonly gate: Gate
  readonly holds: boolean
  readonly message: string
}

/**
 * Outcomes of all gates over the default-config cells they match. A gate that matches no cell does not hold, neither does
 * `published` without a published row ("no published result"). What counts as published of a cell is the caller's to say.
 */
export function judgeGates(gates: readonly Gate[], cells: readonly GateCell[]): GateOutcome[] {
  return gates.map((gate) => {
    const matching = cells.filter((cell) => cell.isDefaultConfig && glob(gate.model)(cell.model) && glob(gate.task)(cell.task))
    const wrong = matching.flatMap((cell) => failureOf(gate, cell))
    const label = gate.kind === 'published' ? `published within ${gate.within}` : `${gate.metric} ${gate.op} ${gate.value}`
    if (matching.length === 0) return { gate, holds: false, message: `${label}: no cell matches` }
    return {
      gate,
      holds: wrong.length === 0,
      message: wrong.length === 0 ? `${label}: holds for ${matching.length} cells` : `${label}: ${wrong.join('; ')}`,
    }
  })
}

function failureOf(gate: Gate, cell: GateCell): string[] {
  const where = `${cell.model} on ${cell.task}`
  if (gate.kind === 'published') {
    if (cell.published === null) return [`${where}: no published result (\`sweepboard import\` takes MTEB's result files)`]
    if (cell.mainScore === null) return [`${where}: no score`]
    const gap = Math.abs(cell.mainScore - cell.published)
    return gap <= gate.within ? [] : [`${where}: ${cell.mainScore} is ${gap.toFixed(5)} from the published ${cell.published}`]
  }
  const value = cell.metrics[gate.metric]
  if (value === undefined) return [`${where}: has no ${gate.metric}`]
  if (value === null) return [`${where}: ${gate.metric} is undefined`]
  const holds = { '>=': value >= gate.value, '>': value > gate.value, '<=': value <= gate.value, '<': value < gate.value }[
    gate.op
  ]
  return holds ? [] : [`${where}: ${gate.metric} is ${value}`]
}
