import type { KnownBad, Launcher, LaunchRequest } from './launcher.ts'

/** Why a version of a launcher must not be used for what it serves; null where nothing is known against it. */
export function badVersion(launcher: Launcher, request: LaunchRequest, version: string): string | null {
  const bad = launcher.knownBad.find((one) => concerns(one, request) && isBelow(version, one.below))
  return bad === undefined ? null : `below ${bad.below} ${bad.why} (${bad.source})`
}

function concerns({ serves, only }: KnownBad, request: LaunchRequest): boolean {
  if (serves !== request.serves) return false
  if (only === undefined) return true
  return 'pooling' in only ? only.pooling === request.pooling : request.load.open.pair?.template != null
}

/** By number, member for member; words behind the numbers (`rc1`, `.dev3+gabc`) do not count. An unreadable version is below nothing. */
export function isBelow(version: string, bound: string): boolean {
  const [found, wanted] = [numbers(version), numbers(bound)]
  if (found.length === 0) return false
  for (let i = 0; i < Math.max(found.length, wanted.length); i += 1) {
    const difference = (found[i] ?? 0) - (wanted[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

function numbers(version: string): number[] {
  const release = /^[a-z-]*(\d+(?:\.\d+)*)/.exec(version)?.[1]
  return release === undefined ? [] : release.split('.').map(Number)
}
