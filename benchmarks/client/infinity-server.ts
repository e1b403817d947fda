import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, waitUntil } from '@sweepboard/test-kit'

const MODEL = fileURLToPath(new URL('../../../shared/models/all-MiniLM-L6-v2', import.meta.url))

/** Infinity of a virtual environment on a copy of all-MiniLM-L6-v2, ONNX on the CPU, with its own defaults for batches. */
export async function startInfinity(venv: string): Promise<{ port: number; model: string; stop: () => Promise<void> }> {
  const source = existsSync(MODEL) ? MODEL : '/work/shared/models/all-MiniLM-L6-v2'
  const root = mkdtempSync(join(tmpdir(), 'sweepboard-infinity-'))
  const folder = join(root, basename(source))
  cpSync(source, folder, { recursive: true, filter: (path) => !/_quantized(_optimized)?\.onnx$/.test(path) })
  const port = await freePort()
  const model = ['--model-id', folder, '--served-model-name', 'stub', '--pooling-method', 'mean']
  const flags = ['--engine', 'optimum', '--device', 'cpu', '--no-model-warmup']
  const place = ['--host', '127.0.0.1', '--port', String(port), '--url-prefix', '/v1']
  const child = spawn(join(venv, 'bin/infinity_emb'), ['v2', ...model, ...flags, ...place], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      INFINITY_ANONYMOUS_USAGE_STATS: '0',
      DO_NOT_TRACK: '1',
      HF_HUB_OFFLINE: '1',
      INFINITY_LOG_LEVEL: 'error',
    },
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async () => {
    child.kill()
    await ended
    rmSync(root, { recursive: true, force: true })
  }
  const isReady = async () => (await fetch(`http://127.0.0.1:${port}/v1/models`)).ok
  await waitUntil(isReady, { deadlineMs: 240_000, what: 'Infinity' }).catch(async (error) => {
    await stop()
    throw error
  })
  return { port, model: 'stub', stop }
}
