import { type Mistake, mistake, SweepError } from '@sweepboard/contracts'

/** One slot a worker offers: what serves one lane at a time. `endpoint` opens remote engines, `cpu` local ones. */
export interface SlotOption {
  readonly id: string
  readonly device: 'cpu' | 'endpoint'
}

const MAX_SLOTS = 256

/**
 * The slots of `--slots`: items joined by commas, each `cpu` or `endpoint`, with a count before it (`2xcpu`).
 * Ids are the device and a number from 0, in the order written. Throws `SB-WORK-005` with all mistakes at once;
 * GPU slots (`cuda:0`) are not there yet.
 */
export function parseSlots(text: string): SlotOption[] {
  const slots: SlotOption[] = []
  const mistakes: Mistake[] = []
  const seen = { cpu: 0, endpoint: 0 }
  for (const item of text.split(',').map((part) => part.trim())) {
    const [, count = '1', device] = /^(?:(\d{1,4})x)?(cpu|endpoint)$/.exec(item) ?? []
    if (device !== 'cpu' && device !== 'endpoint') {
      const gpu = /cuda|gpu|webgpu/.test(item)
      mistakes.push(mistake(gpu ? 'SB-CORE-002' : 'SB-WORK-005', gpu ? { what: `the slot "${item}"` } : { item }))
      continue
    }
    if (Number(count) < 1 || slots.length + Number(count) > MAX_SLOTS) {
      mistakes.push(mistake('SB-WORK-005', { item }))
      continue
    }
    for (let i = 0; i < Number(count); i += 1) {
      slots.push({ id: `${device}${seen[device]}`, device })
      seen[device] += 1
    }
  }
  if (mistakes.length > 0) throw new SweepError('SB-WORK-005', { item: text }, { mistakes })
  return slots
}
