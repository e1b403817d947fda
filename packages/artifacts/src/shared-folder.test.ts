import { cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFolderStore } from './folder-store.ts'
import { assertSameFolder, type FolderMark, linkFolder, markFolder } from './shared-folder.ts'

let place: string
let link: string
let shared: string
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'sb-shared-'))
  link = join(place, 'data', 'artifacts')
  shared = join(place, 'mount', 'artifacts')
})
afterEach(() => rmSync(place, { recursive: true, force: true }))

describe('a shared folder', () => {
  it('is known by its mark: the same one, not a copy, not that of another ledger, not an unmarked one', async () => {
    linkFolder(link, shared)
    const mark = markFolder(link, 'ledger-a')
    await assertSameFolder(shared, mark)
    cpSync(shared, join(place, 'copy'), { recursive: true })
    const renewed = markFolder(link, 'ledger-a')
    await assertSameFolder(shared, renewed)
    const refused = (folder: string, wanted: FolderMark = renewed) => expect(assertSameFolder(folder, wanted, 0)).rejects
    await refused(join(place, 'copy')).toMatchObject({ code: 'SB-ART-007', details: { message: 'it is a copy' } })
    await refused(place).toMatchObject({ details: { message: 'no service has marked it' } })
    await refused(shared, { ledger: 'b', mark: renewed.mark }).toMatchObject({
      details: { message: 'it belongs to the ledger ledger-a' },
    })
    expect(() => markFolder(shared, 'ledger-b')).toThrow(/SB-ART-007.*ledger-a/)
  })

  it('stands in for the folder of the data folder, for good', async () => {
    linkFolder(link, shared)
    linkFolder(link, shared)
    const digest = await openFolderStore(link).put(new Uint8Array(10))
    expect(openFolderStore(shared).existsSync(digest)).toBe(true)
    expect([...openFolderStore(link).list()]).toEqual([digest])
    expect(() => linkFolder(link, join(place, 'other'))).toThrow(/points elsewhere/)
  })

  it('takes the place of an empty folder, not of artifacts', async () => {
    mkdirSync(link, { recursive: true })
    markFolder(link, 'a')
    linkFolder(link, shared)
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(readdirSync(shared)).toEqual(['sweepboard-store.json'])
    const own = join(place, 'own')
    await openFolderStore(own).put(new Uint8Array(10))
    expect(() => linkFolder(own, join(place, 'third'))).toThrow(/SB-ART-007.*move them/)
    expect(existsSync(own)).toBe(true)
  })

  it('that is not mounted is not taken for an empty one', () => {
    linkFolder(link, shared)
    markFolder(link, 'a')
    rmSync(shared, { recursive: true })
    expect(() => markFolder(link, 'a')).toThrow(/SB-ART-007.*mounted/)
    mkdirSync(shared)
    expect(() => markFolder(link, 'a', true)).toThrow(/SB-ART-007.*mounted/)
  })
})
