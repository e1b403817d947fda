import { Agent, createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A proxy before a server that writes down when how much work was answered: one measure for every client. */
export class Meter {
  readonly #answers: { from: number; at: number; words: number }[] = []
  readonly #agent = new Agent({ keepAlive: true })
  readonly #server
  port = 0
  /** Requests that are under way now, and were at most. */
  #inside = 0
  most = 0

  private constructor(target: number) {
    this.#server = createServer(async (incoming, response) => {
      const parts: Buffer[] = []
      for await (const part of incoming) parts.push(part as Buffer)
      const body = Buffer.concat(parts)
      const { method, headers, url: path } = incoming
      const words = method === 'POST' ? wordsOf(body) : 0
      const from = performance.now()
      this.#inside += 1
      this.most = Math.max(this.most, this.#inside)
      const onward = httpRequest({ port: target, host: '127.0.0.1', method, path, headers, agent: this.#agent }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(response)
        answer.once('end', () => {
          this.#inside -= 1
          if (words > 0) this.#answers.push({ from, at: performance.now(), words })
        })
      })
      onward.once('error', () => response.destroy())
      onward.end(body)
    })
    this.#server.keepAliveTimeout = 60_000
  }

  static async before(target: number): Promise<Meter> {
    const meter = new Meter(target)
    await new Promise<void>((resolve) => meter.#server.listen(0, '127.0.0.1', resolve))
    meter.port = (meter.#server.address() as AddressInfo).port
    return meter
  }

  clear(): void {
    this.#answers.length = 0
    this.most = 0
  }

  /** Words a second while the server is in its stride: from a tenth of the work to nine tenths, a request's work spread over its time. */
  rate(): number {
    const total = this.#answers.reduce((sum, { words }) => sum + words, 0)
    const doneAt = (at: number) =>
      this.#answers.reduce((sum, one) => sum + one.words * Math.min(1, Math.max(0, (at - one.from) / (one.at - one.from))), 0)
    const first = Math.min(...this.#answers.map(({ from }) => from))
    const last = Math.max(...this.#answers.map(({ at }) => at))
    const reached = (share: number) => {
      let [low, high] = [first, last]
      while (high - low > 1) {
        const middle = (low + high) / 2
        if (doneAt(middle) < share * total) low = middle
        else high = middle
      }
      return high
    }
    return (1000 * 0.8 * total) / (reached(0.9) - reached(0.1))
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
    this.#agent.destroy()
  }
}

function wordsOf(body: Buffer): number {
  const { input, inputs } = JSON.parse(body.toString()) as { input?: string[]; inputs?: string[] }
  return (input ?? inputs ?? []).reduce((sum, text) => sum + text.split(' ').length, 0)
}
