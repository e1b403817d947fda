import { Session } from 'node:inspector/promises'

/** Parts of a score job by where its code lies; the first that fits. What nothing fits is `other`. */
const PARTS: readonly (readonly [string, RegExp])[] = [
  ['waiting', /^\(idle\)/],
  ['garbage', /^\(garbage collector\)/],
  // the callback of onnxruntime-node in which a product runs has neither name nor address
  ['product', /^ $|onnxruntime/],
  ['rows and scan (wasm)', /^wasm-function|wasm:/],
  ['selection', /top-rows|score-selection|row-kernels|lane-products|float-lanes|sign-words|scoring\/src\/search/],
  ['ranking', /ranked-list|row-ranking|catalogue-list|score-order/],
  ['metrics', /packages\/metrics/],
  ['runs and per-query files', /run-writer|run-body|run-bytes|json-strings/],
  [
    'reading',
    /vector-blocks|kernel-rows|block-pass|int8-range|vectors\.ts|node:fs|node:internal\/fs|hash|folder-store|createUnsafeBuffer|^update |fstat|openFileHandle|^(read|close) /,
  ],
]

/** Seconds of the main thread by part, sampled, while `work` runs. Other threads (of a product, of file writes) are not seen. */
export async function secondsByPart(work: () => Promise<unknown>): Promise<Map<string, number>> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.start')
  await work()
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  const nameOf = new Map(profile.nodes.map(({ id, callFrame }) => [id, `${callFrame.functionName} ${callFrame.url}`]))
  const seconds = new Map([...PARTS.map(([part]) => [part, 0] as const), ['other', 0]])
  profile.samples?.forEach((node, i) => {
    const name = nameOf.get(node) ?? ''
    const part = PARTS.find(([, pattern]) => pattern.test(name))?.[0] ?? 'other'
    seconds.set(part, (seconds.get(part) ?? 0) + (profile.timeDeltas?.[i] ?? 0) / 1e6)
  })
  return seconds
}
