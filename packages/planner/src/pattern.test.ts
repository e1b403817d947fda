import { describe, expect, it } from 'vitest'
import { parseDuration } from './duration.ts'
import { expandBraces, glob } from './pattern.ts'

describe('expandBraces', () => {
  it.each([
    ['Qwen/Qwen3-Embedding-{0.6B,4B,8B}', ['Qwen/Qwen3-Embedding-0.6B', 'Qwen/Qwen3-Embedding-4B', 'Qwen/Qwen3-Embedding-8B']],
    ['{a,b}{1, 2}', ['a1', 'a2', 'b1', 'b2']],
    ['{a,{b,c}}', ['a', 'b', 'a', 'c']],
    ['x{,-int8}', ['x', 'x-int8']],
    ['plain', ['plain']],
    ['{single}', ['{single}']],
    ['open{a,b', ['open{a,b']],
  ])('%s', (text, expected) => {
    expect(expandBraces(text)).toEqual(expected)
  })
})

describe('glob', () => {
  it.each([
    ['*-8B', 'Qwen/Qwen3-8B', true],
    ['*-8B', 'Qwen/Qwen3-8B-fp8', false],
    ['a?c', 'abc', true],
    ['a?c', 'a量c', true],
    ['a?c', 'ac', false],
    ['!full', '64', true],
    ['!full', 'full', false],
    ['!!full', 'full', true],
    ['a.c', 'abc', false],
    ['(a|b)+', '(a|b)+', true],
    ['*', 'two\nlines', true],
    ['ABC', 'abc', false],
  ])('%s on %s: %s', (pattern, text, expected) => {
    expect(glob(pattern)(text)).toBe(expected)
  })
})

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['45m', 2_700_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['soon', null],
    ['', null],
    ['5', null],
    ['5m x', null],
    ['-5m', null],
  ])('%s is %s ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected)
  })
})
