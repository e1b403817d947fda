import { describe, expect, it } from 'vitest'
import { parseEngine, parseRunningEngine } from './engine-option.ts'

describe('parseEngine', () => {
  it('reads engines as a sweep file has them', () => {
    expect(parseEngine('onnx', '--engine-a')).toBe('onnx')
    expect(parseEngine('random', '--engine-a')).toBe('random')
    expect(parseEngine('onnx,dtype=q8', '--engine-a')).toEqual({ onnx: { dtype: 'q8' } })
    expect(parseEngine('onnx,file=onnx/model_fp16.onnx', '--engine-a')).toEqual({ onnx: { file: 'onnx/model_fp16.onnx' } })
    expect(parseEngine('openai=http://host:8000/v1?a=b,model=m,batch=8,key=$KEY', '--engine-b')).toEqual({
      openai: { url: 'http://host:8000/v1?a=b', model: 'm', batch: 8, key: '$KEY' },
    })
    expect(parseEngine('rerank-api=http://host,style=tei', '--engine-b')).toEqual({
      'rerank-api': { url: 'http://host', style: 'tei' },
    })
  })

  it('reads launchers', () => {
    expect(parseEngine('vllm', '--engine')).toBe('vllm')
    expect(parseEngine('tei,dtype=float32,maxTokens=512', '--engine')).toEqual({ tei: { dtype: 'float32', maxTokens: 512 } })
    expect(parseEngine('launch=my-server,dialect=tei', '--engine')).toEqual({ launch: { name: 'my-server', dialect: 'tei' } })
  })

  it.each([
    ['vlm', 'no engine "vlm"'],
    ['vllm,command=rm', 'command'],
    ['vllm=http://host', 'takes no URL'],
    ['tei,key=$K', 'url'],
    ['onnx=http://host', 'takes no URL'],
    ['openai', 'url'],
    ['openai=nonsense', 'url'],
    ['openai=http://host,bacth=8', 'bacth'],
    ['openai=http://host,key=sk-secret', '$SILICONFLOW_KEY'],
    ['onnx,q8', 'key=value'],
  ])('refuses %s with its reason', (word, reason) => {
    expect(() => parseEngine(word, '--engine-b')).toThrow(reason)
    expect(() => parseEngine(word, '--engine-b')).toThrow('--engine-b')
    expect(() => parseEngine(word, '--engine-b')).not.toThrow('sk-secret')
  })
})

describe('where nothing is started', () => {
  it.each(['vllm', 'tei,dtype=float32', 'launch=my-server'])('%s is refused with what to do', (word) => {
    expect(() => parseRunningEngine(word, '--engine-b')).toThrow('only a worker starts')
  })

  it.each(['onnx,dtype=q8', 'tei=http://host:8080', 'openai=http://host/v1'])('%s is taken', (word) => {
    expect(parseRunningEngine(word, '--engine-b')).toEqual(parseEngine(word, '--engine-b'))
  })
})
