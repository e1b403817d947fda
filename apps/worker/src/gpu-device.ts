/** A part of a GPU that its owner cut with MIG; a process sees at most one. */
export interface MigDevice {
  /** `MIG-...`, as CUDA_VISIBLE_DEVICES takes it. */
  readonly uuid: string
  /** Its number on its GPU. */
  readonly number: number
  /** e.g. `1g.10gb`. */
  readonly profile: string
}

/** A GPU as `nvidia-smi` tells of it; null where it cannot say. */
export interface GpuDevice {
  /** Number in the order of PCI addresses: CUDA counts so only where CUDA_DEVICE_ORDER is PCI_BUS_ID. */
  readonly index: number
  /** `GPU-...` */
  readonly uuid: string
  readonly name: string
  /** What the driver tells; of a GPU that has none of its own (GB10, Jetson: `[N/A]`), the machine's. */
  readonly memoryBytes: number | null
  readonly usedBytes: number | null
  readonly driver: string
  /** Cut with MIG: nothing can be computed on it as a whole. */
  readonly isMig: boolean
  readonly mig: readonly MigDevice[]
}
