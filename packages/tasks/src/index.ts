export {
  type CatalogBenchmark,
  type CatalogSubsets,
  type CatalogTask,
  findBenchmark,
  findTask,
  listBenchmarks,
  listTasks,
  type SideTexts,
  similarTaskComponents,
  suggestTask,
} from './catalog.ts'
export { type ExpandedTask, expandTaskPattern } from './catalog-pattern.ts'
export { splitStatistics, subsetLanguages } from './catalog-subset.ts'
export { closest, editDistance } from './closest.ts'
export { documentText } from './document-text.ts'
export { type HubSettings, hubSettings } from './hub-settings.ts'
export { type PutArtifact, prepareTask } from './prepare.ts'
export { prepareInChild, TaskPreparer } from './prepare-in-child.ts'
export { pythonStrip } from './python-strip.ts'
export { type ReadOptions, readTask } from './read-task.ts'
export { isTaskFolder, type ResolvedTask, type ResolveOptions, resolveTask } from './resolve.ts'
export { listShippedTasks } from './shipped.ts'
export type { BitextData, JudgedQuery, RankedData, RerankingSample, TextPair, TypedData } from './task-data.ts'
export { readTaskFile, type TaskFile } from './task-file.ts'
