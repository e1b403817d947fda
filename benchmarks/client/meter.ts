import { Agent, createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A proxy before a server that writes down when how much work was answered: one measure for every client. */
export class Meter {
  readonly #answers: { at: number; words: number }[] = []
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
      this.#inside += 1
      this.most = Math.max(this.most, this.#inside)
      const onward = httpRequest({ port: target, host: '127.0.0.1', method, path, headers, agent: this.#agent }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(response)
        answer.once('end', () => {
          this.#inside -= 1
          if (words > 0) this.#answers.push({ at: performance.now(), words })
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

  /** Words a second while the server is in its stride: the slope of what was answered, from a tenth of the work to nine tenths. */
  rate(): number {
    const total = this.#answers.reduce((sum, { words }) => sum + words, 0)
    let done = 0
    const points = this.#answers.map(({ at, words }) => {
      done += words
      return { at, done: done - words / 2 }
    })
    const middle = points.filter((point) => point.done > total / 10 && point.done < 0.9 * total)
    const mean = (member: (point: (typeof points)[0]) => number) =>
      middle.reduce((sum, point) => sum + member(point), 0) / middle.length
    const [at, words] = [mean((point) => point.at), mean((point) => point.done)]
    return (1000 * mean((point) => (point.at - at) * (point.done - words))) / mean((point) => (point.at - at) ** 2)
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
