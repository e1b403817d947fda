/** Execution providers this package opens. */
export const PROVIDERS = ['cpu', 'cuda', 'webgpu'] as const
export type Provider = (typeof PROVIDERS)[number]

/**
 * Variables that must stand in the environment of a process before it opens a provider. `cuda`: float32 products are
 * computed as TF32 by default, so it is switched off; `device` is the GPU's number or UUID, so that the process sees only
 * its own.
 */
export function providerEnvironment(provider: string, device?: string): Readonly<Record<string, string>> {
  if (provider !== 'cuda') return {}
  return { NVIDIA_TF32_OVERRIDE: '0', ...(device === undefined ? {} : { CUDA_VISIBLE_DEVICES: device }) }
}
