import { join } from 'node:path'
import type { PairTemplate } from '@sweepboard/contracts'
import type { LaunchCommand } from './launch-command.ts'

/** A pair as it is sent to a server that itself puts only the template's prefix and suffix around it. */
export interface PairParts {
  readonly query: string
  readonly document: string
}

/**
 * The middle of a template in the two parts a rerank request has: everything up to the query's end, and everything behind it. So the
 * server's template is the same for every instruction, and no part is empty where the text is.
 */
export function pairParts(
  template: PairTemplate,
  pair: { readonly query: string; readonly document: string; readonly instruction: string },
): PairParts {
  const cut = template.middle.indexOf('{query}') + '{query}'.length
  const fill = (part: string) =>
    part.replace(/\{(query|document|instruction)\}/g, (_, name: 'query' | 'document' | 'instruction') => pair[name])
  return { query: fill(template.middle.slice(0, cut)), document: fill(template.middle.slice(cut)) }
}

/** Whether `pairParts` can part a template: the document follows the query. */
export function canBeParted(template: PairTemplate): boolean {
  return template.middle.indexOf('{query}') < template.middle.indexOf('{document}')
}

/** A template as the Jinja file a server is started with, and its path; `query` and `document` are Jinja expressions. */
export function templateFile(
  scratch: string,
  template: PairTemplate,
  expressions: PairParts,
): LaunchCommand['files'][number] & { readonly path: string } {
  const text = `${literal(template.prefix)}{{ ${expressions.query} }}{{ ${expressions.document} }}${literal(template.suffix)}`
  return { path: join(scratch, 'pair-template.jinja'), text }
}

/**
 * A text as Jinja that gives just this text. One with braces is written as a string, whole: SGLang renders outside a sandbox, and a text
 * comes with a submitted sweep. Jinja drops a file's last line feed, and some servers strip all: those at an end are strings too.
 */
function literal(text: string): string {
  if (/[{}]/.test(text)) return expression(text)
  const [, open = '', body = '', close = ''] = /^(\n*)([\s\S]*?)(\n*)$/.exec(text) ?? []
  return `${expression(open)}${body}${expression(close)}`
}

function expression(text: string): string {
  return text === '' ? '' : `{{ ${JSON.stringify(text)} }}`
}
