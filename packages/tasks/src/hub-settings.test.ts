import { describe, expect, it } from 'vitest'
import { tempFolder, writeFiles } from '../test/task-folder.ts'
import { hubSettings } from './hub-settings.ts'

describe('hubSettings', () => {
  it('finds the cache where the hub’s own tools do', () => {
    const cache = (env: Record<string, string>) => hubSettings(env, '/home/x').cacheDir
    expect(cache({})).toBe('/home/x/.cache/huggingface/hub')
    expect(cache({ XDG_CACHE_HOME: '/c' })).toBe('/c/huggingface/hub')
    expect(cache({ XDG_CACHE_HOME: '/c', HF_HOME: '/h' })).toBe('/h/hub')
    expect(cache({ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old' })).toBe('/old')
    expect(cache({ HF_HUB_CACHE: '/new', HUGGINGFACE_HUB_CACHE: '/old' })).toBe('/new')
  })

  it('takes endpoint and offline from the environment', () => {
    expect(hubSettings({}, '/home/x')).toMatchObject({ endpoint: 'https://huggingface.co', token: null, offline: false })
    const env = { HF_ENDPOINT: 'https://mirror.example/', HF_HUB_OFFLINE: 'Yes' }
    expect(hubSettings(env, '/home/x')).toMatchObject({ endpoint: 'https://mirror.example', offline: true })
    expect(hubSettings({ HF_HUB_OFFLINE: '0' }, '/home/x').offline).toBe(false)
  })

  it('takes the token from HF_TOKEN, else from the file a login leaves', () => {
    const home = writeFiles(tempFolder(), { token: 'hf_file\n', 'elsewhere/token': 'hf_other' })
    expect(hubSettings({ HF_HOME: home, HF_TOKEN: ' hf_env ' }, '/').token).toBe('hf_env')
    expect(hubSettings({ HF_HOME: home }, '/').token).toBe('hf_file')
    expect(hubSettings({ HF_HOME: home, HF_TOKEN_PATH: `${home}/elsewhere/token` }, '/').token).toBe('hf_other')
    expect(hubSettings({ HF_HOME: tempFolder() }, '/').token).toBeNull()
  })
})
