export { type ChromiumStart, launchChromium } from './chromium.ts'
export { type LaunchStubOptions, launchStubCommand, launchStubFile } from './launch-stub-command.ts'
export { emptyTempFolder, processesMarked, RUN_MARK } from './leaks.ts'
export { findOnPath } from './on-path.ts'
export { isAlive, liveDescendants, liveProcesses, type ProcessRow, processRow, waitUntil } from './processes.ts'
export { type RedisOptions, type RedisStart, startRedis, type TestRedis } from './redis.ts'
export { type RedisKey, redisKeys } from './redis-keys.ts'
export { freePort } from './redis-server.ts'
export { infinityStub, llamaCppStub, ollamaStub, type StubLimits, sglangStub, teiStub, vllmStub } from './stub-embedders.ts'
export { type HubRequest, type StubHub, type StubHubOptions, type StubRepo, startStubHub } from './stub-hub.ts'
export type { HubFault } from './stub-hub-fault.ts'
export { StubModel } from './stub-model.ts'
export {
  cohereRerankStub,
  hostedRerankStub,
  infinityRerankStub,
  sglangRerankStub,
  teiRerankStub,
  vllmRerankStub,
} from './stub-rerankers.ts'
export { htmlPage, resetMidBody, type StubReply, type StubRequest, type StubRoutes, StubServer } from './stub-server.ts'
export { startProxy } from './tcp-proxy.ts'
