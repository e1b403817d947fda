import { totalmem } from 'node:os'

/** Bytes of memory this process and its children may use: the machine's, or what its control group leaves it. */
export function hostMemoryBytes(): number {
  const constrained = process.constrainedMemory()
  const total = totalmem()
  return constrained > 0 && constrained < total ? constrained : total
}
