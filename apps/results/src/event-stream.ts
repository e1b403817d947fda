import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono, MiddlewareHandler } from 'hono'
import type { EventHub } from './events.ts'

/** Nothing waits in a proxy's idle limit for longer than this. */
const BEAT_MS = 15_000
/** Unsent bytes, beside the socket's own buffer, at which a client is cut off: some 15,000 changes that it did not read. */
const UNSENT_LIMIT_BYTES = 2 ** 20

/**
 * GET `/api/v1/events`: server-sent events, `hello` first, then every change, and a `beat` every 15 s. A client that does not read is cut
 * off at 1 MiB unsent, since the service holds what waits for it; it comes back, and `hello` tells it to read everything anew.
 */
export function addEventRoute(app: Hono, events: EventHub, guard: MiddlewareHandler): void {
  app.get('/api/v1/events', guard, (c) =>
    c.body(
      eventStream(events, () => cutOff(c)),
      200,
      { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' },
    ),
  )
}

/** Ends the connection: bytes that the kernel took may still arrive, the rest never does. */
function cutOff(c: Context): void {
  const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>
  outgoing?.destroy()
}

function eventStream(events: EventHub, onTooSlow: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let stop = () => {}
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const send = (event: string, data: string) => {
          controller.enqueue(encoder.encode(`event: ${event}\ndata: ${data}\n\n`))
          if ((controller.desiredSize ?? 0) > 0) return
          stop()
          controller.close()
          onTooSlow()
        }
        const leave = events.subscribe((event) => send(event.event, JSON.stringify(event)))
        const timer = setInterval(() => send('beat', '{}'), BEAT_MS)
        stop = () => {
          clearInterval(timer)
          leave()
        }
        send('hello', '{}')
      },
      cancel: () => stop(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: UNSENT_LIMIT_BYTES }),
  )
}
