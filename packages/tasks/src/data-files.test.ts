import { describe, expect, it } from 'vitest'
import { readCard } from './data-card.ts'
import { configFiles, isShardMissing } from './data-files.ts'
import { globPattern } from './glob.ts'

const card = (yaml: string) => `---\n${yaml}\n---\n\n# text\n---\n`
const files = (yaml: string, paths: readonly string[]) =>
  Object.fromEntries(readCard(card(yaml)).map((config) => [config.name, Object.fromEntries(configFiles(config, paths))]))

describe('globPattern', () => {
  it.each([
    ['data/test-*', 'data/test-00000-of-00001.parquet', true],
    ['data/test-*', 'data/sub/test-0', false],
    ['**/test*', 'test.csv', true],
    ['**/test*', 'a/b/test.csv', true],
    ['a/**', 'a/b/c', true],
    ['a?c.[ch]', 'abc.h', true],
    ['a?c.[!ch]', 'abc.h', false],
    ['{train,dev}.jsonl', 'dev.jsonl', true],
    ['{train,dev}.jsonl', 'test.jsonl', false],
    ['c++/test.csv', 'c++/test.csv', true],
    ['a.b', 'axb', false],
    ['a[b', 'a[b', true],
  ])('%s on %s: %s', (glob, path, fits) => {
    expect(globPattern(glob).test(path)).toBe(fits)
  })
})

describe('a data set card', () => {
  const paths = [
    'README.md',
    'corpus.jsonl',
    'qrels/test.jsonl',
    'qrels/dev.jsonl',
    'de/test-00000-of-00002.parquet',
    'de/test-00001-of-00002.parquet',
    '.gitattributes',
    '__MACOSX/test.csv',
  ]

  it('names files by split: a pattern, a list, pairs of split and path, an object', () => {
    expect(
      files(
        [
          'configs:',
          '- config_name: corpus',
          '  data_files: corpus.jsonl',
          '- config_name: several',
          '  data_files: [corpus.jsonl, "qrels/*"]',
          '- config_name: qrels',
          '  data_files:',
          '  - split: test',
          '    path: qrels/test.jsonl',
          '  - split: gone',
          '    path: qrels/gone.jsonl',
          '- config_name: de',
          '  data_files: {test: ["de/test-*"], dev: qrels/dev.jsonl}',
          '- config_name: folder',
          '  data_dir: ./qrels/',
        ].join('\n'),
        paths,
      ),
    ).toEqual({
      corpus: { train: ['corpus.jsonl'] },
      several: { train: ['corpus.jsonl', 'qrels/dev.jsonl', 'qrels/test.jsonl'] },
      qrels: { test: ['qrels/test.jsonl'] },
      de: { test: ['de/test-00000-of-00002.parquet', 'de/test-00001-of-00002.parquet'], dev: ['qrels/dev.jsonl'] },
      folder: { test: ['qrels/test.jsonl'], validation: ['qrels/dev.jsonl'] },
    })
  })

  it('may be absent, hold no configs, or end lines as Windows does', () => {
    for (const readme of ['', '# no front matter', card('license: mit'), card('configs: 3'), '---\n'])
      expect(readCard(readme)).toEqual([])
    expect(readCard(card('configs:\r\n- config_name: x\r\n  default: true\r').replace('---\n', '---\r\n'))).toMatchObject([
      { name: 'x', isDefault: true },
    ])
    expect(() => readCard(card('configs: [a'))).toThrow()
  })
})

describe('files without patterns', () => {
  const splits = (...paths: string[]) =>
    Object.fromEntries(configFiles({ name: 'default', isDefault: true, splits: null, folder: '' }, paths))

  it('belong to splits by their names, as the datasets library takes them', () => {
    expect(splits('data/test.full-00000-of-00001.parquet', 'data/train-00000-of-00001.parquet', 'other.csv')).toEqual({
      'test.full': ['data/test.full-00000-of-00001.parquet'],
      train: ['data/train-00000-of-00001.parquet'],
    })
    expect(splits('test.jsonl.gz', 'dev.jsonl.gz', 'README.md', 'notes.txt')).toEqual({
      test: ['test.jsonl.gz'],
      validation: ['dev.jsonl.gz'],
    })
    expect(splits('contest.csv', 'latest.csv')).toEqual({ train: ['contest.csv', 'latest.csv'] })
    expect(splits('eval/part.csv', 'train/a.csv', 'train/b.csv')).toEqual({
      test: ['eval/part.csv'],
      train: ['train/a.csv', 'train/b.csv'],
    })
  })

  it('tell when a numbered one is missing', () => {
    expect(isShardMissing(['data/test-00000-of-00002.parquet'])).toBe(true)
    expect(isShardMissing(['data/test-00000-of-00002.parquet', 'data/test-00001-of-00002.parquet', 'x.csv'])).toBe(false)
  })
})
