import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Tokens that some model closes its texts with. */
const CLOSING = ['<|endoftext|>', '<|im_end|>', '</s>', '[SEP]', '<eos>', '<|eot_id|>']

/** Which of the usual closing tokens a model folder's tokenizer has and does not append by itself; none without a tokenizer to look at. */
export function closingTokensOf(folder: string | null): string[] {
  const file = folder === null ? null : join(folder, 'tokenizer.json')
  if (file === null || !existsSync(file)) return []
  const tokenizer = JSON.parse(readFileSync(file, 'utf8')) as { added_tokens?: { content: string }[]; post_processor?: unknown }
  const known = new Set(tokenizer.added_tokens?.map(({ content }) => content))
  const around = JSON.stringify(tokenizer.post_processor ?? null)
  return CLOSING.filter((token) => known.has(token) && !around.includes(JSON.stringify(token)))
}
