import { describe, expect, it } from 'vitest'
import { serverEnvironment } from './server-environment.ts'

describe('serverEnvironment', () => {
  it('passes what finds programs, caches, devices and gated models, and nothing that opens another door', () => {
    const own = {
      PATH: '/usr/bin',
      HOME: '/home/me',
      LC_ALL: 'C.UTF-8',
      HF_HOME: '/cache',
      OLLAMA_MODELS: '/data/ollama',
      HF_TOKEN: 'hf_gated_models',
      HUGGING_FACE_HUB_TOKEN: 'hf_secret',
      NVIDIA_API_KEY: 'secret',
      HF_ENDPOINT_PRIVATE: 'named by --allow-env',
      SWEEPBOARD_TOKEN: 'secret',
      SILICONFLOW_KEY: 'secret',
      AWS_SECRET_ACCESS_KEY: 'secret',
      LD_PRELOAD: '/evil.so',
      CUDA_VISIBLE_DEVICES: '0,1,2,3',
      XDG_CACHE_HOME: undefined,
    }
    const devices = { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: '2' }
    const env = serverEnvironment({ own, allowEnv: ['HF_ENDPOINT_PRIVATE'], devices, command: { VLLM_LOGGING_LEVEL: 'INFO' } })
    expect(env).toEqual({
      PATH: '/usr/bin',
      HOME: '/home/me',
      LC_ALL: 'C.UTF-8',
      HF_HOME: '/cache',
      OLLAMA_MODELS: '/data/ollama',
      HF_TOKEN: 'hf_gated_models',
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
      CUDA_VISIBLE_DEVICES: '2',
      VLLM_LOGGING_LEVEL: 'INFO',
    })
  })
})
