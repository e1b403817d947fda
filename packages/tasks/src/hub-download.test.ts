import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import {
  COMMIT,
  HUB_FILES as FILES,
  fetchFile,
  LARGE_FILE as LARGE,
  HUB_REPO as REPO,
  fileRefusal as refusal,
  startFiles as start,
  type TestHub,
} from '../test/hub.ts'
import { tempFolder } from '../test/task-folder.ts'
import { hubFile } from './hub-download.ts'
import { listTree } from './hub-tree.ts'

const downloads = ({ hub }: TestHub) => hub.requests.filter(({ path }) => /resolve|cas/.test(path))

describe('a file of the hub', () => {
  it('lands in the cache as other tools lay it out, and is not asked for again', async () => {
    const test = await start()
    const { settings } = test
    const file = await fetchFile(settings, 'data/test.bin')
    const folder = join(settings.cacheDir, 'datasets--org--data')
    expect(file).toBe(join(folder, 'snapshots', COMMIT, 'data/test.bin'))
    expect(lstatSync(file).isSymbolicLink()).toBe(true)
    expect(readlinkSync(file)).toBe(`../../../blobs/${sha256(LARGE)}`)
    expect(readFileSync(file).equals(LARGE)).toBe(true)
    // Git's id of the blob "# small", as `git hash-object` gives it.
    expect(readlinkSync(await fetchFile(settings, 'README.md'))).toBe('../../blobs/00f5b3fdc89fe68b4df5073fba152b688c2bc244')
    for (const name of ['empty.txt', 'odd name #1?.txt'])
      expect(readFileSync(await fetchFile(settings, name), 'utf8')).toBe(FILES[name as 'empty.txt'])
    expect(readdirSync(join(folder, 'blobs')).filter((name) => name.includes('.'))).toEqual([])
    const before = downloads(test).length
    await fetchFile(settings, 'data/test.bin')
    expect(downloads(test)).toHaveLength(before)
  })

  it('is reused where another tool put it: as a link, as a plain file, and by its blob alone', async () => {
    const test = await start()
    const folder = join(test.settings.cacheDir, 'datasets--org--data')
    const place = join(folder, 'snapshots', COMMIT, 'data')
    mkdirSync(place, { recursive: true })
    mkdirSync(join(folder, 'blobs'))
    writeFileSync(join(place, 'test.bin'), 'as another tool left it')
    expect(readFileSync(await fetchFile(test.settings, 'data/test.bin'), 'utf8')).toBe('as another tool left it')
    const other = await start()
    const blobs = join(other.settings.cacheDir, 'datasets--org--data/blobs')
    mkdirSync(blobs, { recursive: true })
    writeFileSync(join(blobs, sha256(LARGE)), LARGE)
    const dangling = join(other.settings.cacheDir, 'datasets--org--data/snapshots', COMMIT)
    mkdirSync(dangling, { recursive: true })
    symlinkSync('../../blobs/gone', join(dangling, 'README.md'))
    expect(readFileSync(await fetchFile(other.settings, 'data/test.bin')).equals(LARGE)).toBe(true)
    expect(downloads(other)).toEqual([])
    expect(readFileSync(await fetchFile(other.settings, 'README.md'), 'utf8')).toBe('# small')
    expect(downloads(test)).toEqual([])
  })

  it('keeps the commit of a revision by name, and lists over several pages', async () => {
    const { settings, hub } = await start({ pageSize: 2 })
    await fetchFile(settings, 'README.md', 'main')
    expect(readFileSync(join(settings.cacheDir, 'datasets--org--data/refs/main'), 'utf8')).toBe(COMMIT)
    expect(hub.requests.filter(({ path }) => path.includes('/tree/')).length).toBeGreaterThan(1)
    const offline = { ...settings, offline: true }
    const listed = async () => (await listTree(offline, REPO, 'main')).files.map(({ path }) => path)
    const online = (await listTree(settings, REPO, 'main')).files.map(({ path }) => path)
    expect(await listed()).toEqual(online)
    const tree = join(settings.cacheDir, 'datasets--org--data/trees', `${COMMIT}.json`)
    expect(Object.keys(JSON.parse(readFileSync(tree, 'utf8')).files).sort()).toEqual(online)
    writeFileSync(tree, '{"format_version": 1, "fi')
    expect(await listed()).toEqual(['README.md'])
  })
})

describe('a broken download', () => {
  it.each([
    ['dropped in the middle', { kind: 'drop', afterBytes: 70_000 }],
    ['cut short as if it were whole', { kind: 'truncate', afterBytes: 70_000 }],
  ] as const)('%s goes on where it ended', async (_, fault) => {
    const test = await start()
    // What fetch has received and not handed over is lost with its connection: it is dropped once something lies on disk.
    const begun = join(test.settings.cacheDir, 'datasets--org--data/blobs', `${sha256(LARGE)}.incomplete`)
    const when = () => existsSync(begun) && statSync(begun).size > 0
    test.hub.faults.push({ path: /cas/, fault: fault.kind === 'drop' ? { ...fault, when } : fault })
    expect(readFileSync(await fetchFile(test.settings, 'data/test.bin')).equals(LARGE)).toBe(true)
    const ranges = test.hub.requests.filter(({ host }) => host === 'cdn').map(({ range }) => range)
    expect(ranges[0]).toBeUndefined()
    expect(Number(/^bytes=(\d+)-$/.exec(ranges[1] ?? '')?.[1])).toBeGreaterThan(0)
    expect(ranges).toHaveLength(2)
  })

  it('goes on where it stalled, before and after the first byte', async () => {
    const test = await start()
    test.hub.faults.push(
      { path: /cas/, fault: { kind: 'stall', afterBytes: 0 } },
      { path: /cas/, fault: { kind: 'stall', afterBytes: 70_000 } },
    )
    const settings = { ...test.settings, stallMs: 200 }
    expect(readFileSync(await fetchFile(settings, 'data/test.bin')).equals(LARGE)).toBe(true)
    const ranges = test.hub.requests.filter(({ host }) => host === 'cdn').map(({ range }) => range)
    expect(ranges).toEqual([undefined, undefined, 'bytes=70000-'])
  })

  it('goes on in a later call, from what an earlier one left', async () => {
    const test = await start()
    const blobs = join(test.settings.cacheDir, 'datasets--org--data/blobs')
    mkdirSync(blobs, { recursive: true })
    writeFileSync(join(blobs, `${sha256(LARGE)}.incomplete`), LARGE.subarray(0, 150_000))
    expect(readFileSync(await fetchFile(test.settings, 'data/test.bin')).equals(LARGE)).toBe(true)
    expect(test.hub.requests.at(-1)?.range).toBe('bytes=150000-')
  })

  it('starts anew where the range is ignored, refused, or what was left is another file', async () => {
    for (const left of [LARGE.subarray(0, 5), Buffer.alloc(LARGE.length), Buffer.alloc(LARGE.length + 1), Buffer.alloc(9)]) {
      const test = await start()
      const blobs = join(test.settings.cacheDir, 'datasets--org--data/blobs')
      mkdirSync(blobs, { recursive: true })
      writeFileSync(join(blobs, `${sha256(LARGE)}.incomplete`), left)
      if (left.length === 5) test.hub.faults.push({ path: /cas/, fault: { kind: 'whole' } })
      if (left.length === 9) test.hub.faults.push({ path: /cas/, fault: { kind: 'status', status: 416 } })
      expect(readFileSync(await fetchFile(test.settings, 'data/test.bin')).equals(LARGE)).toBe(true)
    }
  })

  it('is fetched again when a byte is wrong, and refused when it stays wrong, with nothing left in its place', async () => {
    const test = await start()
    test.hub.faults.push({ path: /cas/, fault: { kind: 'corrupt' } })
    expect(readFileSync(await fetchFile(test.settings, 'data/test.bin')).equals(LARGE)).toBe(true)
    const other = await start()
    for (let i = 0; i < 20; i += 1) other.hub.faults.push({ path: /cas/, fault: { kind: 'corrupt' } })
    const error = await refusal(other.settings)
    expect(error).toMatchObject({ code: 'SB-TASK-013', message: expect.stringContaining('another size or hash') })
    expect(existsSync(join(other.settings.cacheDir, 'datasets--org--data/blobs', sha256(LARGE)))).toBe(false)
  })

  it('is made by one of two that want it at once', async () => {
    const test = await start()
    const both = await Promise.all([1, 2].map(() => fetchFile(test.settings, 'data/test.bin')))
    expect(both[0]).toBe(both[1])
    expect(test.hub.requests.filter(({ host }) => host === 'cdn')).toHaveLength(1)
  })

  it('is taken over from a process that died with the lock', async () => {
    const test = await start()
    const blobs = join(test.settings.cacheDir, 'datasets--org--data/blobs')
    mkdirSync(blobs, { recursive: true })
    // Above the largest process id of Linux.
    writeFileSync(join(blobs, `${sha256(LARGE)}.sweepboard-lock`), '4194305')
    expect(readFileSync(await fetchFile(test.settings, 'data/test.bin')).equals(LARGE)).toBe(true)
  })
})

describe('the hub', () => {
  it('is asked again after 429 (as long as it says), 500 and a dropped connection', async () => {
    const test = await start()
    test.hub.faults.push(
      { path: /tree/, fault: { kind: 'status', status: 429, retryAfter: '0' } },
      { path: /tree/, fault: { kind: 'status', status: 500 } },
      { path: /resolve/, fault: { kind: 'drop', afterBytes: 0 } },
      { path: /resolve/, fault: { kind: 'status', status: 429, retryAfter: new Date(Date.now() + 1000).toUTCString() } },
      { path: /cas/, fault: { kind: 'status', status: 503 } },
    )
    const started = Date.now()
    expect(readFileSync(await fetchFile(test.settings, 'data/test.bin')).equals(LARGE)).toBe(true)
    expect(test.hub.faults).toEqual([])
    // A date has whole seconds: between 0 and 1 s from now.
    expect(Date.now() - started).toBeLessThan(10_000)
  })

  it('is given up, in words, when it stays down, asks to wait for an hour, is not there or redirects for ever', async () => {
    const down = await start()
    for (let i = 0; i < 6; i += 1) down.hub.faults.push({ path: /tree/, fault: { kind: 'status', status: 502 } })
    expect(await refusal(down.settings)).toMatchObject({ code: 'SB-TASK-013', message: expect.stringContaining('502') })
    const busy = await start()
    busy.hub.faults.push({ path: /tree/, fault: { kind: 'status', status: 429, retryAfter: '3600' } })
    expect((await refusal(busy.settings)).message).toContain('wait 3600 s')
    await busy.hub.close()
    expect(await refusal(busy.settings)).toMatchObject({ code: 'SB-TASK-013', message: expect.stringContaining('ECONNREFUSED') })
    const turning = await start()
    for (let i = 0; i < 60; i += 1)
      turning.hub.faults.push({
        path: /tree/,
        fault: { kind: 'redirect', location: `${turning.hub.url}/api/datasets/org/data/tree/x` },
      })
    expect((await refusal(turning.settings)).message).toContain('redirects')
  })

  it('gets the token, the host it redirects to does not, and no error shows it', async () => {
    const token = 'hf_verysecret'
    const test = await start({ token }, { token })
    await fetchFile(test.settings, 'data/test.bin')
    const sent = (host: string) => new Set(test.hub.requests.filter((one) => one.host === host).map((one) => one.authorization))
    expect(sent('hub')).toEqual(new Set([`Bearer ${token}`]))
    expect(sent('cdn')).toEqual(new Set([undefined]))
    test.hub.faults.push(...[1, 2, 3, 4, 5, 6].map(() => ({ path: /tree/, fault: { kind: 'status' as const, status: 500 } })))
    const empty = { ...test.settings, cacheDir: tempFolder() }
    expect(JSON.stringify(await refusal(empty))).not.toContain(token)
    // A renamed repository: the hub redirects to itself.
    test.hub.faults.push({
      path: /tree/,
      fault: { kind: 'redirect', location: `/api/datasets/org/data/tree/${COMMIT}?recursive=true` },
    })
    expect((await listTree(empty, REPO, COMMIT)).files).toHaveLength(4)
  })

  it('refuses with the remedy: gated without and with a token, no such data set, revision, or nothing offline', async () => {
    const gated = await start({}, { token: 'hf_other' })
    expect(await refusal(gated.settings)).toMatchObject({
      code: 'SB-TASK-014',
      details: { status: 401 },
      fix: expect.stringContaining('HF_TOKEN'),
    })
    const refused = await start({ token: 't' }, { token: 't', isRefused: true })
    expect(await refusal(refused.settings)).toMatchObject({ code: 'SB-TASK-014', details: { status: 403 } })
    const { settings } = await start()
    const listed = (repo: string, revision: string) => listTree(settings, repo, revision)
    await expect(listed('org/nothing', COMMIT)).rejects.toMatchObject({ code: 'SB-TASK-015', details: { what: 'such data set' } })
    await expect(listed(REPO, 'f'.repeat(40))).rejects.toMatchObject({ code: 'SB-TASK-015', details: { what: 'such revision' } })
    await expect(listTree({ ...settings, offline: true }, REPO, COMMIT)).rejects.toMatchObject({ code: 'SB-TASK-016' })
    const tree = await listed(REPO, COMMIT)
    const [, file] = tree.files
    await expect(hubFile({ ...settings, offline: true }, tree, file as (typeof tree.files)[0])).rejects.toMatchObject({
      code: 'SB-TASK-016',
    })
  })

  it('is not asked with a token no header can hold, or at no address, and neither is shown', async () => {
    const { settings, hub } = await start()
    const error = await refusal({ ...settings, token: 'hf_secret\nx' })
    expect(error.code).toBe('SB-TASK-014')
    expect(JSON.stringify([error, error.message])).not.toContain('hf_secret')
    expect(await refusal({ ...settings, endpoint: 'nowhere' })).toMatchObject({ code: 'SB-TASK-013' })
    for (const repo of ['../evil', 'a/..', 'a/b/c', 'a', '.a/b', 'a/b?x'])
      await expect(listTree(settings, repo, COMMIT)).rejects.toMatchObject({ code: 'SB-TASK-015' })
    await expect(listTree(settings, REPO, '../../x')).rejects.toMatchObject({ code: 'SB-TASK-015' })
    expect(hub.requests).toEqual([])
  })

  it('cannot name a path outside the snapshot', async () => {
    const { settings } = await start({}, { files: { '../../evil': 'x', '/etc/x': 'x', 'a/../../b': 'x', 'fine..txt': 'x' } })
    expect((await listTree(settings, REPO, COMMIT)).files.map(({ path }) => path)).toEqual(['fine..txt'])
  })
})
