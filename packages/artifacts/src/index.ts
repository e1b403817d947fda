export { type CheckedFile, type FolderStore, openFolderStore, type StreamStore } from './folder-store.ts'
export { type HttpStoreOptions, openHttpStore } from './http-store.ts'
export { assertSameFolder, type FolderMark, linkFolder, markFolder } from './shared-folder.ts'
