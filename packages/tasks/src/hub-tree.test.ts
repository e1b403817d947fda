import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  COMMIT,
  fetchFile,
  LARGE_FILE as LARGE,
  HUB_REPO as REPO,
  fileRefusal as refusal,
  startFiles as start,
  type TestHub,
} from '../test/hub.ts'
import { tempFolder } from '../test/task-folder.ts'
import { hubFile } from './hub-download.ts'
import type { HubSettings } from './hub-settings.ts'
import { type HubFile, listTree } from './hub-tree.ts'

describe('a hub that cannot be reached', () => {
  const listAt = (settings: HubSettings) => join(settings.cacheDir, 'datasets--org--data/trees', `${COMMIT}.json`)

  it('is not asked for a commit whose list and files the cache has, only for a file it lacks', async () => {
    const test = await start()
    await fetchFile(test.settings, 'data/test.bin')
    const before = test.hub.requests.length
    expect(readFileSync(await fetchFile(test.settings, 'data/test.bin')).equals(LARGE)).toBe(true)
    expect(test.hub.requests).toHaveLength(before)
    // Size and hash come from the list in the cache: what is fetched is checked by them.
    test.hub.faults.push({ path: /odd/, fault: { kind: 'corrupt' } })
    expect(readFileSync(await fetchFile(test.settings, 'odd name #1?.txt'), 'utf8')).toBe('odd')
    expect(test.hub.requests.slice(before).every(({ path }) => path.includes('/resolve/'))).toBe(true)
    await test.hub.close()
    expect(readFileSync(await fetchFile(test.settings, 'data/test.bin')).equals(LARGE)).toBe(true)
    expect(await refusal(test.settings, 'README.md')).toMatchObject({
      code: 'SB-TASK-013',
      message: expect.stringMatching(/README.md.*ECONNREFUSED/),
    })
  })

  it.each(['main', COMMIT])('leaves %s to the cache: refused, silent, breaking off, or 5xx to the end', async (revision) => {
    const test = await start()
    await fetchFile(test.settings, 'data/test.bin', 'main')
    // A commit is then asked for, too.
    if (revision === COMMIT) rmSync(listAt(test.settings))
    const { settings } = test
    const read = async (stallMs?: number) => {
      const tree = await listTree({ ...settings, ...(stallMs && { stallMs }) }, REPO, revision)
      expect(tree).toMatchObject({ commit: COMMIT, files: expect.arrayContaining([{ path: 'data/test.bin', blob: null }]) })
      const file = tree.files.find(({ path }) => path === 'data/test.bin') as HubFile
      expect(readFileSync(await hubFile(settings, tree, file)).equals(LARGE)).toBe(true)
      return tree.unreached?.reason
    }
    const faulty = (fault: TestHub['hub']['faults'][0]['fault']) =>
      test.hub.faults.splice(0, Infinity, ...Array.from({ length: 6 }, () => ({ path: /api/, fault })))
    faulty({ kind: 'stall', afterBytes: 0 })
    expect(await read(30)).toBe('no answer within 30 ms')
    expect(test.hub.faults).toEqual([])
    faulty({ kind: 'stall', afterBytes: 5 })
    expect(await read(30)).toMatch(/no (byte|answer) within 30 ms/)
    faulty({ kind: 'drop', afterBytes: 5 })
    expect(await read()).toBe('UND_ERR_SOCKET')
    faulty({ kind: 'status', status: 503 })
    expect(await read()).toBe('status 503')
    // Six attempts were made the first time; a hub known to be away is asked twice.
    expect(test.hub.faults).toHaveLength(4)
    await test.hub.close()
    expect(await read()).toBe('ECONNREFUSED')
    const lack = { code: 'SB-TASK-013', cause: { code: 'SB-TASK-016' } }
    expect(await refusal({ ...settings, cacheDir: tempFolder() }, 'README.md')).toMatchObject(lack)
    if (revision === 'main')
      expect(await fetchFile(settings, 'README.md', revision).catch((thrown: unknown) => thrown)).toMatchObject({
        ...lack,
        message: expect.stringMatching(/ECONNREFUSED; nor is README.md in the cache/),
      })
  })

  it('that has answered again is asked six times again', async () => {
    const test = await start()
    const faulty = (count: number) =>
      test.hub.faults.splice(
        0,
        Infinity,
        ...Array.from({ length: count }, () => ({ path: /api/, fault: { kind: 'drop', afterBytes: 0 } as const })),
      )
    const list = () => listTree(test.settings, REPO, 'main')
    faulty(8)
    for (let times = 0; times < 2; times += 1) await expect(list()).rejects.toMatchObject({ code: 'SB-TASK-013' })
    expect(test.hub.faults).toEqual([])
    expect(await list()).toMatchObject({ commit: COMMIT, unreached: null })
    faulty(5)
    expect(await list()).toMatchObject({ commit: COMMIT, unreached: null })
    expect(test.hub.faults).toEqual([])
  })

  it.each([401, 403, 404, 429])('is not one that answers %i: the cache does not stand for it', async (status) => {
    const test = await start()
    await fetchFile(test.settings, 'data/test.bin', 'main')
    for (let i = 0; i < 6; i += 1) test.hub.faults.push({ path: /revision/, fault: { kind: 'status', status, retryAfter: '0' } })
    const error = await listTree(test.settings, REPO, 'main').catch((thrown: unknown) => thrown)
    const code = { 401: 'SB-TASK-014', 403: 'SB-TASK-014', 404: 'SB-TASK-015', 429: 'SB-TASK-013' }[status]
    expect(error).toMatchObject({ code })
  })
})
