import { TaskType } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { listTasks } from './catalog.ts'
import { PARALLEL_HOOKS } from './hub-bitext.ts'
import { PAIR_HOOKS } from './hub-pairs.ts'
import { RETRIEVAL_HOOKS } from './hub-retrieval.ts'

const DATA_HOOKS = ['load_data', 'dataset_transform']

describe('the catalog’s data hooks', () => {
  const hooked = listTasks().filter(
    ({ type, hooks }) => TaskType.safeParse(type).success && hooks?.some((hook) => DATA_HOOKS.includes(hook)),
  )

  it('are all known for the task types that are read', () => {
    // BUCC's is told by its one row with `gold`.
    const known = [RETRIEVAL_HOOKS, PAIR_HOOKS, PARALLEL_HOOKS].flatMap((hooks) => Object.keys(hooks))
    const unknown = hooked.filter(
      ({ name, params }) => !known.includes(name) && name !== 'BUCC' && params.parallel_subsets !== true,
    )
    expect(unknown.map(({ name }) => name)).toEqual([])
    expect(hooked).toHaveLength(16)
    expect(known.filter((name) => !hooked.some((task) => task.name === name))).toEqual([])
  })

  it('leave only kinds of loading that are known', () => {
    const kinds = new Set(
      listTasks()
        .filter(({ type }) => TaskType.safeParse(type).success)
        .map(({ loading }) => loading),
    )
    expect([...kinds].sort()).toEqual([
      'aggregate',
      'config-per-subset',
      'custom',
      'fast-lang-column',
      'retrieval-configs',
      'single-config',
    ])
  })
})
