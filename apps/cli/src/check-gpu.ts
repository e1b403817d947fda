import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import { type GpuDevice, Gpus } from '@sweepboard/worker'
import { error, type Finding, ok, warning } from './finding.ts'

/** Libraries that onnxruntime's CUDA provider opens (CUDA 12, cuDNN 9). */
const LIBRARIES = [
  'libcudart.so.12',
  'libcublas.so.12',
  'libcublasLt.so.12',
  'libcurand.so.10',
  'libcufft.so.11',
  'libcudnn.so.9',
]
const PROVIDER = 'libonnxruntime_providers_cuda.so'

/** The NVIDIA driver, its GPUs, and what onnxruntime needs to use them. */
export async function checkGpus(env: Readonly<Record<string, string | undefined>>): Promise<Finding[]> {
  const troubles: string[] = []
  try {
    const gpus = await Gpus.open({
      now: () => performance.now(),
      visible: env.CUDA_VISIBLE_DEVICES,
      onTrouble: (message) => troubles.push(message),
    })
    return [...gpuFindings(gpus.devices, troubles), ...(gpus.devices.length === 0 ? [] : [checkCuda(readCuda(env))])]
  } catch (thrown) {
    if (!(thrown instanceof SweepError)) throw thrown
    return [
      driverFinding(String(thrown.details.message), {
        isAbsent: thrown.details.isAbsent === true,
        hasDevice: existsSync('/proc/driver/nvidia/version'),
      }),
    ]
  }
}

/** The GPUs that there are, what is wrong with them, and those that are in MIG mode and not cut: no process can use such. Pure. */
export function gpuFindings(devices: readonly GpuDevice[], troubles: readonly string[]): Finding[] {
  const all = devices.map(({ index, name, memoryBytes, driver, mig }) => {
    const parts = mig.length === 0 ? '' : `, ${mig.length} MIG ${mig.length === 1 ? 'instance' : 'instances'}`
    return `${index} ${name} (${((memoryBytes ?? 0) / 2 ** 30).toFixed(0)} GiB, driver ${driver}${parts})`
  })
  const uncut = devices.filter(({ isMig, mig }) => isMig && mig.length === 0)
  const lost = 'See `nvidia-smi` and `dmesg | grep -i xid`; a card that fell off the bus needs a restart.'
  return [
    troubles.length > 0
      ? error('gpu', troubles.join('; '), lost)
      : ok('gpu', all.length === 0 ? 'a driver, and no GPU that may be used' : all.join(', ')),
    ...uncut.map(({ index, name }) =>
      warning(
        'gpu',
        `${index} ${name} is in MIG mode and has no instances: no slot can use it`,
        `Its owner creates instances (\`nvidia-smi mig -i ${index} -cgi PROFILE -C\`) or ends MIG mode (\`nvidia-smi -i ${index} -mig 0\`).`,
      ),
    ),
  ]
}

/** What a failing `nvidia-smi` means. Pure. */
export function driverFinding(message: string, machine: { isAbsent: boolean; hasDevice: boolean }): Finding {
  if (machine.isAbsent && !machine.hasDevice)
    return ok('gpu', 'no nvidia-smi on PATH: this machine serves cpu and endpoint slots')
  if (machine.isAbsent)
    return error(
      'gpu',
      'the kernel has an NVIDIA driver, and there is no nvidia-smi on PATH',
      "Install the driver's nvidia-utils (in a container: run it with --gpus all).",
    )
  if (/version mismatch/i.test(message))
    return error(
      'gpu',
      message,
      'The driver was updated under a running kernel module: restart the machine, or unload and load the nvidia modules.',
    )
  if (/couldn't communicate|Failed to initialize NVML/i.test(message))
    return error(
      'gpu',
      message,
      'Load the kernel module (`modprobe nvidia`; after a kernel update build it anew with dkms), or in a container run it with --gpus all.',
    )
  return error('gpu', message, 'See what `nvidia-smi` says; without it no cuda slot can be offered.')
}

export interface CudaFacts {
  /** Folder of onnxruntime-node's libraries. */
  readonly folder: string
  readonly hasProvider: boolean
  readonly missing: readonly string[]
}

/** Whether engine `onnx` can use the GPUs; launched servers bring their own libraries. Pure. */
export function checkCuda({ folder, hasProvider, missing }: CudaFacts): Finding {
  const add =
    'Run `ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node --ignore-scripts=false`, which fetches it from the network'
  if (!hasProvider)
    return warning(
      'cuda for onnx',
      `${PROVIDER} is not in ${folder}: engine onnx runs on the CPU`,
      `${add}; launched servers do not need it.`,
    )
  if (missing.length === 0) return ok('cuda for onnx', `provider and its ${LIBRARIES.length} libraries found`)
  const fix = 'Install the CUDA 12 runtime and cuDNN 9, and name their folder in LD_LIBRARY_PATH or /etc/ld.so.conf.d.'
  return warning('cuda for onnx', `not found: ${missing.join(', ')}; engine onnx cannot use the GPUs`, fix)
}

function readCuda(env: Readonly<Record<string, string | undefined>>): CudaFacts {
  const root = dirname(
    createRequire(createRequire(import.meta.url).resolve('@sweepboard/models')).resolve('onnxruntime-node/package.json'),
  )
  const bin = join(root, 'bin')
  const napi = existsSync(bin) ? (readdirSync(bin).find((name) => name.startsWith('napi-')) ?? '') : ''
  const folder = join(bin, napi, process.platform, process.arch)
  const folders = [folder, ...(env.LD_LIBRARY_PATH ?? '').split(delimiter).filter((one) => one !== '')]
  const known = knownLibraries()
  const missing = LIBRARIES.filter((name) => !known.includes(`${name} `) && !folders.some((one) => existsSync(join(one, name))))
  return { folder, hasProvider: existsSync(join(folder, PROVIDER)), missing }
}

/** What the loader's cache lists; empty where there is no ldconfig. */
function knownLibraries(): string {
  for (const program of ['ldconfig', '/sbin/ldconfig']) {
    try {
      return execFileSync(program, ['-p'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 5000 })
    } catch {
      // the next one
    }
  }
  return ''
}
