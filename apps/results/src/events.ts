import { EventEmitter } from 'node:events'

/** What changed, as the board and `watch` hear it. Ids and counts only: whoever wants more asks. */
export interface ServiceEvent {
  readonly event: 'sweep' | 'cells' | 'hosts'
  readonly sweep: string | null
}

/** Fan-out of service events. Listeners are called after the transaction that caused them. */
export class EventHub {
  readonly #emitter = new EventEmitter().setMaxListeners(0)

  publish(event: ServiceEvent): void {
    this.#emitter.emit('event', event)
  }

  /** Returns the function that stops listening. */
  subscribe(listener: (event: ServiceEvent) => void): () => void {
    this.#emitter.on('event', listener)
    return () => this.#emitter.off('event', listener)
  }
}
