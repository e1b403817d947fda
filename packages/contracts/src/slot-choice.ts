import { z } from 'zod'

/** What a slot with a device of its own must be like. An endpoint is nobody's device: it meets no condition. */
export const SlotCondition = z.strictObject({
  device: z.enum(['cpu', 'cuda']),
  /** Of all its devices together, less what other processes held when its worker started; all must hold. */
  memory: z.array(z.strictObject({ op: z.enum(['<', '<=', '>', '>=']), bytes: z.number().nonnegative() })).max(8),
})
export type SlotCondition = z.infer<typeof SlotCondition>

/** Slots that meet `is` (null: any) and none of `not`. */
export const SlotChoice = z.strictObject({ is: SlotCondition.nullable(), not: z.array(SlotCondition).max(64) })
export type SlotChoice = z.infer<typeof SlotChoice>

/** As much of a slot as a condition looks at. */
export interface ChosenSlot {
  readonly device: 'cpu' | 'cuda' | 'endpoint'
  readonly memoryBytes: number
}

const MOST_CHOICES = 64
const HOLDS = {
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '>': (a: number, b: number) => a > b,
  '>=': (a: number, b: number) => a >= b,
} as const

/** Whether any of the choices takes this slot; without choices every slot is taken. */
export function isChosen(choices: readonly SlotChoice[] | undefined, slot: ChosenSlot): boolean {
  return (
    choices === undefined ||
    choices.some(({ is, not }) => (is === null || meets(is, slot)) && !not.some((one) => meets(one, slot)))
  )
}

function meets({ device, memory }: SlotCondition, slot: ChosenSlot): boolean {
  return slot.device === device && memory.every(({ op, bytes }) => HOLDS[op](slot.memoryBytes, bytes))
}

/** Slots that either takes; undefined, which is every slot, where one of them is that, or both together say too much. */
export function uniteChoices(
  one: readonly SlotChoice[] | undefined,
  two: readonly SlotChoice[] | undefined,
): SlotChoice[] | undefined {
  if (one === undefined || two === undefined) return undefined
  const all = [...new Map([...one, ...two].map((choice) => [JSON.stringify(choice), choice])).values()]
  return all.length > MOST_CHOICES ? undefined : all
}

/** "cuda with memory < 18.6 GiB", or "not cuda with memory < 18.6 GiB". */
export function sayChoices(choices: readonly SlotChoice[]): string {
  return choices.map(sayChoice).join(', or ')
}

function sayChoice({ is, not }: SlotChoice): string {
  const parts = [...(is === null ? [] : [sayCondition(is)]), ...not.map((one) => `not ${sayCondition(one)}`)]
  return parts.length === 0 ? 'any slot' : parts.join(' and ')
}

function sayCondition({ device, memory }: SlotCondition): string {
  const bounds = memory.map(({ op, bytes }) => `${op} ${(bytes / 2 ** 30).toFixed(1)} GiB`)
  return bounds.length === 0 ? device : `${device} with memory ${bounds.join(' and ')}`
}
