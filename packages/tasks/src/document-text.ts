import { pythonStrip } from './python-strip.ts'

/**
 * The text of a document as MTEB 2.20 joins it (mteb/_create_dataloaders.py): with a non-empty title
 * `strip(title + " " + text)`, else `strip(text)`, in Python's sense of strip. Queries are taken untouched.
 */
export function documentText(title: string | undefined, text: string): string {
  return pythonStrip(title ? `${title} ${text}` : text)
}
