import { readdir } from 'node:fs/promises'
import { modelFolders, onnxWeightsUnder, type WeightsAt } from '../model-weights.ts'
import { readLaunchWeights } from './launch-weights.ts'

/** Every variant of a model below `root`, of the ONNX engine and of launched servers. For a worker's `--models`. */
export async function weightsUnder(root: string): Promise<WeightsAt[]> {
  const found = await onnxWeightsUnder(root)
  for (const folder of await modelFolders(root)) {
    const names = await readdir(folder)
    const whole = names.some((name) => name.endsWith('.safetensors') || /^pytorch_model.*\.bin$/.test(name))
    if (whole) found.push({ folder, file: '.', digest: (await readLaunchWeights(folder, { isGguf: false, file: null })).digest })
    for (const file of firstParts(names))
      found.push({ folder, file, digest: (await readLaunchWeights(folder, { isGguf: true, file })).digest })
  }
  return found
}

/** GGUF files, of those in parts the first. */
function firstParts(names: readonly string[]): string[] {
  return names.filter((name) => name.endsWith('.gguf') && !/-(?!00001)\d{5}-of-\d{5}\.gguf$/.test(name)).sort()
}
