import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import * as ort from 'onnxruntime-node'
import { feedsOf } from './onnx-feeds.ts'
import type { Provider } from './onnx-provider-name.ts'

/** onnxruntime's own names, as its profile spells them. */
const PROFILE_NAMES: Readonly<Record<Provider, string>> = {
  cpu: 'CPUExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  webgpu: 'WebGpuExecutionProvider',
}
/** Operators that do a model's work; shape arithmetic on the CPU is how onnxruntime means it, these are not. */
const HEAVY = /MatMul|Gemm|Attention|Conv/

/**
 * Opens a session on exactly one provider. onnxruntime gives nodes a provider does not take to the CPU without a word; on
 * another provider than the CPU a first run is therefore profiled, and a matrix product on the CPU is refused.
 * @throws SweepError `SB-MODEL-002` when the file cannot be loaded, `SB-MODEL-011` when the provider cannot do its work
 */
export async function openSession(given: {
  path: string
  file: string
  threads: number | undefined
  provider: Provider
}): Promise<ort.InferenceSession> {
  const { provider, threads } = given
  const options: ort.InferenceSession.SessionOptions = {
    executionProviders: [provider === 'cuda' ? { name: 'cuda', deviceId: 0 } : provider],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4, // failures reach us as exceptions; stderr is for progress
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
  }
  if (provider === 'cpu') return create(given, options)
  const known = ort.listSupportedBackends().map((backend) => backend.name)
  if (!known.includes(provider))
    throw new SweepError('SB-MODEL-011', { provider, message: `this build of onnxruntime knows ${known.join(', ')}` })
  const profiles = await mkdtemp(join(tmpdir(), 'sweepboard-profile-'))
  try {
    const session = await create(given, { ...options, enableProfiling: true, profileFilePrefix: join(profiles, 'run') })
    await assertProvider(session, provider, profiles).catch(async (thrown: unknown) => {
      await session.release()
      throw thrown
    })
    return session
  } finally {
    await rm(profiles, { recursive: true, force: true })
  }
}

async function create(
  given: { path: string; file: string; provider: Provider },
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(given.path, options)
  } catch (cause) {
    const message = firstLine(cause)
    if (given.provider !== 'cpu' && /execution ?provider|adapter|shared library|cuda|webgpu/i.test(message))
      throw new SweepError('SB-MODEL-011', { provider: given.provider, message }, { cause })
    throw new SweepError('SB-MODEL-002', { file: given.file, message }, { cause })
  }
}

/** Runs three tokens under the profiler and looks where the products ran. */
async function assertProvider(session: ort.InferenceSession, provider: Provider, folder: string): Promise<void> {
  const batch = { ids: [[1, 2, 3]], padId: 0, padding: 'right', adapter: 0 } as const
  await session.run(feedsOf(session, batch))
  session.endProfiling()
  const used = await heavyProviders(folder)
  const strange = [...used].filter((name) => name !== PROFILE_NAMES[provider])
  if (strange.length > 0)
    throw new SweepError('SB-MODEL-011', { provider, message: `matrix products ran on ${strange.join(', ')}` })
}

/** Names of the providers that ran operators of weight, out of the profiles in `folder`. */
export async function heavyProviders(folder: string): Promise<ReadonlySet<string>> {
  const used = new Set<string>()
  for (const name of await readdir(folder)) {
    const events = JSON.parse(await readFile(join(folder, name), 'utf8')) as {
      cat?: string
      args?: { op_name?: string; provider?: string }
    }[]
    for (const { cat, args } of events)
      if (cat === 'Node' && args?.provider && HEAVY.test(args.op_name ?? '')) used.add(args.provider)
  }
  return used
}

/** The first line of what was thrown, at most 300 characters. */
export function firstLine(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0]?.slice(0, 300) ?? ''
}
