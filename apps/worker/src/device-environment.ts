import type { SlotOption } from './slot-option.ts'

/**
 * What must stand in the environment of a process that computes for a slot: it sees the slot's own GPUs and no others, none on a
 * `cpu` slot. GPUs are counted as nvidia-smi counts them. Nothing for `endpoint`.
 */
export function deviceEnvironment({ device, devices }: Pick<SlotOption, 'device' | 'devices'>): Readonly<Record<string, string>> {
  if (device === 'endpoint') return {}
  return { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: devices.join(',') }
}
