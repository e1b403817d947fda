/** What a line that a server prints, or answers with, says about its device. */
export type Trouble = 'memory' | 'device'

/** As vLLM, SGLang, TEI, llama.cpp, Ollama, Infinity, PyTorch and NVIDIA's driver word it. The device comes first: a lost one also fails to allocate. */
const SIGNS: readonly { readonly trouble: Trouble; readonly sign: RegExp }[] = [
  { trouble: 'device', sign: /GPU is lost/i },
  { trouble: 'device', sign: /fallen off the bus/i },
  { trouble: 'device', sign: /\bNVRM: Xid\b|\bXid \(PCI/ },
  { trouble: 'device', sign: /Unable to determine the device handle for GPU/i },
  {
    trouble: 'device',
    sign: /CUDA error: (?:(?:all )?CUDA-capable devices?(?:\(s\))? (?:is|are|is\/are) busy or unavailable|device (?:is )?unavailable|unspecified launch failure|uncorrectable ECC)/i,
  },
  {
    trouble: 'device',
    sign: /CUDA_ERROR_(?:ECC_UNCORRECTABLE|DEVICE_UNAVAILABLE|NO_DEVICE)|cudaErrorDevicesUnavailable|cudaErrorECCUncorrectable/,
  },
  { trouble: 'memory', sign: /CUDA (?:error: )?out of memory|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation/i },
  { trouble: 'memory', sign: /torch(?:\.cuda)?\.OutOfMemoryError|OutOfMemoryError:/ },
  { trouble: 'memory', sign: /No available memory for the cache blocks/i },
  { trouble: 'memory', sign: /Free memory on device .* is less than desired GPU memory utilization/i },
  { trouble: 'memory', sign: /Not enough memory\. Please try (?:to increase|increasing) --mem-fraction-static/i },
  {
    trouble: 'memory',
    sign: /larger than the (?:maximum number of tokens|available KV cache memory)|KV cache is needed, which is larger/i,
  },
  {
    trouble: 'memory',
    sign: /cudaMalloc failed: out of memory|failed to allocate (?:CUDA\d* )?buffer|unable to allocate \S+ buffer/i,
  },
  { trouble: 'memory', sign: /model requires more system memory/i },
  { trouble: 'memory', sign: /DefaultCPUAllocator: can't allocate memory|std::bad_alloc|\bMemoryError\b/ },
]

/** What a line tells of the device; null where it says nothing of the kind. */
export function troubleIn(line: string): Trouble | null {
  return SIGNS.find(({ sign }) => sign.test(line))?.trouble ?? null
}
