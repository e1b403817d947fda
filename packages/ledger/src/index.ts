export type { Row } from './schema.ts'
export * as schema from './schema.ts'
