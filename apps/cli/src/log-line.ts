import { visible } from './output.ts'

/** One JSON line of a log as a person reads it: `19:35:12 warn  chunk-failed lease=j1 n=3  message`. */
export function logLine(json: string): string {
  const { at, level, event, message, ...rest } = JSON.parse(json) as Record<string, unknown>
  const pairs = Object.entries(rest).map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  const words = [String(at).slice(11, 19), String(level).padEnd(5), ...(event === undefined ? [] : [String(event)]), ...pairs]
  return visible(`${words.join(' ')}${message === undefined ? '' : `  ${message}`}`)
}
