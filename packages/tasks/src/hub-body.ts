/**
 * The blocks of a body.
 * @throws Error when none comes for `stallMs`; what `fetch` throws when the connection breaks
 */
export async function* untilStalled(response: Response, stallMs: number): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  let isStalled = false
  const timer = setTimeout(() => {
    isStalled = true
    reader.cancel().catch(() => undefined)
  }, stallMs)
  try {
    for (let { done, value } = await reader.read(); !done && value !== undefined; { done, value } = await reader.read()) {
      timer.refresh()
      yield value
    }
    if (isStalled) throw new Error(`no byte within ${stallMs} ms`)
  } finally {
    clearTimeout(timer)
    await reader.cancel().catch(() => undefined)
  }
}

/** A body as text, under the same deadline. */
export async function bodyText(response: Response, stallMs: number): Promise<string> {
  const blocks: Uint8Array[] = []
  for await (const block of untilStalled(response, stallMs)) blocks.push(block)
  return Buffer.concat(blocks).toString('utf8')
}
