import type { z } from 'zod'

type Issue = z.core.$ZodIssue
type UnionIssue = z.core.$ZodIssueInvalidUnion

/** A validator's issue in plain words, to follow the path of `value`; of a value with several forms it says all of them. */
export function issueWords(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return value === undefined ? 'is missing' : `expected ${formOf(issue)}, found ${kindOf(value)}`
    case 'invalid_value':
      return `expected ${formOf(issue)}`
    case 'invalid_union':
      return issue.errors.length === 0 ? 'has none of its forms' : `expected ${formOf(issue)}`
    case 'too_small':
      if (issue.origin !== 'number' && issue.origin !== 'int') return 'must not be empty'
      return `must be ${issue.inclusive ? 'at least' : 'above'} ${issue.minimum}`
    case 'too_big':
      if (issue.origin === 'string') return `must be at most ${issue.maximum} characters long`
      if (issue.origin === 'array') return `must be at most ${issue.maximum} entries long`
      return `must be ${issue.inclusive ? 'at most' : 'below'} ${issue.maximum}`
    case 'invalid_format':
      return issue.format === 'url' ? 'must be a URL such as http://127.0.0.1:8000/v1' : issue.message
    default:
      return issue.message.replace(/^Invalid input(: )?/, '') || 'has a form that is not known here'
  }
}

/** The branches of a union in one list, however they are nested. */
export function branchesOf(issue: UnionIssue): readonly (readonly Issue[])[] {
  return issue.errors.flatMap((branch) => {
    const [only, ...others] = branch
    const isUnion = only?.code === 'invalid_union' && only.path.length === 0 && others.length === 0
    return isUnion ? branchesOf(only) : [branch]
  })
}

/** The words that may stand at a place, of all its forms. */
export function wordsOf(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.filter((value) => typeof value === 'string')
  return issue.code === 'invalid_union' ? branchesOf(issue).flatMap(([first]) => (first ? wordsOf(first) : [])) : []
}

const FORMS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys with values',
  record: 'keys with values',
  null: 'nothing',
}

function formOf(issue: Issue): string {
  return inWords(formsOf(issue))
}

function formsOf(issue: Issue): string[] {
  if (issue.code === 'invalid_type') return [FORMS[issue.expected] ?? issue.expected]
  if (issue.code === 'invalid_value') return issue.values.map((value) => JSON.stringify(value))
  if (issue.code !== 'invalid_union') return [issueWords(issue, null)]
  // What lies deeper than the place itself is not a form of it.
  const first = branchesOf(issue).flatMap(([one]) =>
    one === undefined ? [] : one.path.length === 0 ? formsOf(one) : ['keys with values'],
  )
  return [...new Set(first)]
}

function inWords(forms: readonly string[]): string {
  return forms.length < 2 ? forms.join() : `${forms.slice(0, -1).join(', ')} or ${forms.at(-1)}`
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing'
  if (typeof value === 'number') return `the number ${value}`
  return Array.isArray(value) ? 'a list' : (FORMS[typeof value] ?? typeof value)
}
