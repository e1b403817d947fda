export { CHILD_CRASH_POINTS, type CrashPoint, WORKER_CRASH_POINTS } from './fault.ts'
export type { RunningWorker, WorkerEvent, WorkerOptions } from './options.ts'
export { parseSlots, type SlotOption } from './slot-option.ts'
export { startWorker } from './start-worker.ts'
