export { type FolderStore, openFolderStore } from './folder-store.ts'
export { type HttpStoreOptions, openHttpStore } from './http-store.ts'
