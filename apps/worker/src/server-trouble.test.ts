import { describe, expect, it } from 'vitest'
import { troubleIn } from './server-trouble.ts'

describe('troubleIn', () => {
  it.each([
    'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 594.00 MiB. GPU 0 has a total capacity of 23.55 GiB',
    'torch.cuda.OutOfMemoryError: CUDA out of memory.',
    'ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine.',
    'ValueError: Free memory on device (3.1/23.5 GiB) on startup is less than desired GPU memory utilization (0.9, 21.2 GiB).',
    'RuntimeError: Not enough memory. Please try to increase --mem-fraction-static.',
    'ValueError: To serve at least one request with the model max seq len (40960), 4.38 GiB KV cache is needed, which is larger than the available KV cache memory (2.09 GiB).',
    'ggml_backend_cuda_buffer_type_alloc_buffer: allocating 7605.33 MiB on device 0: cudaMalloc failed: out of memory',
    'Error: DriverError(CUDA_ERROR_OUT_OF_MEMORY, "out of memory")',
    'Error: model requires more system memory (5.6 GiB) than is available (3.1 GiB)',
    "RuntimeError: [enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory: you tried to allocate 17179869184 bytes.",
  ])('memory: %s', (line) => {
    expect(troubleIn(line)).toBe('memory')
  })

  it.each([
    'Unable to determine the device handle for GPU0000:01:00.0: GPU is lost.  Reboot the system to recover this GPU',
    'NVRM: Xid (PCI:0000:01:00): 79, pid=1234, GPU has fallen off the bus.',
    'RuntimeError: CUDA error: CUDA-capable device(s) is/are busy or unavailable',
    'RuntimeError: CUDA error: all CUDA-capable devices are busy or unavailable',
    'torch.AcceleratorError: CUDA error: uncorrectable ECC error encountered',
  ])('device: %s', (line) => {
    expect(troubleIn(line)).toBe('device')
  })

  it.each([
    'INFO 11-21 10:00:00 GPU KV cache size: 123,456 tokens',
    'WARNING: gpu_memory_utilization 0.9 leaves 2 GiB of memory',
    'ImportError: libcudart.so.12: cannot open shared object file',
  ])('neither: %s', (line) => {
    expect(troubleIn(line)).toBeNull()
  })
})
