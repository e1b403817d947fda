import { SweepError } from '@sweepboard/contracts'
import { Gpus } from './gpus.ts'
import { parseSlots, type SlotOption, wantsGpus } from './slot-option.ts'

export interface FoundSlots {
  readonly slots: readonly SlotOption[]
  /** Null where no slot has a GPU. */
  readonly gpus: Gpus | null
}

export interface FindOptions {
  /** CUDA_VISIBLE_DEVICES of this process: GPUs it hides are not offered. */
  readonly visible?: string | undefined
  /** Told of GPUs that do not work, and of cards that others use. */
  readonly onNote: (message: string) => void
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

/**
 * The slots of `--slots` on this machine; the driver is only asked where one of them may be a GPU's. `auto` takes a machine whose driver
 * fails for one without GPUs, and notes why.
 * @throws SweepError `SB-WORK-005` with all mistakes; `SB-WORK-010` when `cuda` was asked for and the GPUs cannot be listed
 */
export async function findSlots(text: string, options: FindOptions): Promise<FoundSlots> {
  if (!wantsGpus(text)) return { slots: parseSlots(text), gpus: null }
  const gpus = await openGpus(options, /cuda/.test(text))
  const slots = parseSlots(text, gpus?.devices)
  if (gpus === null || !slots.some(({ device }) => device === 'cuda')) return { slots, gpus: null }
  for (const slot of slots) {
    const held = gpus.heldBytes(slot)
    if (slot.device === 'cuda' && held > 2 ** 30)
      options.onNote(
        `slot ${slot.id}: others hold ${(held / 2 ** 30).toFixed(1)} GiB of its memory; ${(gpus.memoryBytes(slot) / 2 ** 30).toFixed(1)} GiB are left`,
      )
  }
  return { slots, gpus }
}

async function openGpus({ visible, onNote, now = () => performance.now() }: FindOptions, isAsked: boolean): Promise<Gpus | null> {
  try {
    return await Gpus.open({ visible, now, onTrouble: (message) => onNote(`GPU: ${message}`) })
  } catch (thrown) {
    if (isAsked || !(thrown instanceof SweepError)) throw thrown
    if (thrown.details.isAbsent !== true) onNote(`${thrown.message}; going on without GPUs`)
    return null
  }
}
