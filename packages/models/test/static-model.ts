import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A few protobuf fields are all an ONNX file of one Gather needs. */
const varint = (value: number): number[] => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)])
const number = (field: number, value: number): number[] => [...varint(field << 3), ...varint(value)]
const bytes = (field: number, value: readonly number[] | Uint8Array): number[] => [
  ...varint((field << 3) | 2),
  ...varint(value.length),
  ...value,
]
const text = (field: number, value: string): number[] => bytes(field, new TextEncoder().encode(value))

const FLOAT = 1
const INT64 = 7
const FLOAT16 = 10
const valueInfo = (name: string, type: number, axes: readonly (string | number)[]): number[] => {
  const dims = axes.flatMap((axis) => bytes(1, typeof axis === 'number' ? number(1, axis) : text(2, axis)))
  return [...text(1, name), ...bytes(2, bytes(1, [...number(1, type), ...bytes(2, dims)]))]
}

/** What an export of the same table may look like. */
export interface ExportForm {
  /** A second output `sentence_embedding`, the mean over all positions. */
  readonly pools?: boolean
  /** Output as float16. */
  readonly half?: boolean
  /** The table lies in this file beside the ONNX file. */
  readonly external?: string
  /** More inputs `[batch, length]` that the graph declares, e.g. `position_ids`. */
  readonly inputs?: readonly string[]
}

/** Bytes of a table `[rows, dim]`, float32. */
export function tableBytes(table: readonly (readonly number[])[]): Uint8Array {
  return new Uint8Array(Float32Array.from(table.flat()).buffer)
}

/** ONNX bytes of `last_hidden_state = table[input_ids]`; `table` is `[rows, dim]`. */
export function gatherOnnx(table: readonly (readonly number[])[], form: ExportForm = {}): Uint8Array {
  const dim = table[0]?.length ?? 0
  const raw = tableBytes(table)
  const entry = (key: string, value: string) => bytes(13, [...text(1, key), ...text(2, value)])
  const data = form.external
    ? [...entry('location', form.external), ...entry('length', String(raw.length)), ...number(14, 1)]
    : bytes(9, raw)
  const tensor = [...number(1, table.length), ...number(1, dim), ...number(2, FLOAT), ...text(8, 'table'), ...data]
  const type = form.half ? FLOAT16 : FLOAT
  const output = (name: string, axes: readonly (string | number)[]) => bytes(12, valueInfo(name, type, axes))
  const graph = [
    ...node('Gather', ['table', 'input_ids'], 'found'),
    ...node('Cast', ['found'], 'last_hidden_state', intAttribute('to', type)),
    ...(form.pools ? node('ReduceMean', ['last_hidden_state', 'axes'], 'sentence_embedding', intAttribute('keepdims', 0)) : []),
    ...text(2, 'static'),
    ...bytes(5, tensor),
    ...(form.pools ? bytes(5, [...number(1, 1), ...number(2, INT64), ...text(8, 'axes'), ...bytes(9, int64(1))]) : []),
    ...['input_ids', 'attention_mask', ...(form.inputs ?? [])].flatMap((name) =>
      bytes(11, valueInfo(name, INT64, ['batch', 'length'])),
    ),
    ...output('last_hidden_state', ['batch', 'length', dim]),
    ...(form.pools ? output('sentence_embedding', ['batch', dim]) : []),
  ]
  return Uint8Array.from([...number(1, 10), ...bytes(8, number(2, 21)), ...bytes(7, graph)])
}

function node(operator: string, inputs: readonly string[], output: string, attribute: readonly number[] = []): number[] {
  const named = inputs.flatMap((name) => text(1, name))
  return bytes(1, [...named, ...text(2, output), ...text(3, `${operator} ${output}`), ...text(4, operator), ...attribute])
}

function intAttribute(name: string, value: number): number[] {
  return bytes(5, [...text(1, name), ...number(3, value), ...number(20, 2)])
}

function int64(value: number): Uint8Array {
  return new Uint8Array(BigInt64Array.of(BigInt(value)).buffer)
}

export interface StaticModel {
  /** Words by id; the first is the unknown token. */
  readonly words: readonly string[]
  readonly table: readonly (readonly number[])[]
  /** What config.json claims; the table's rows where absent. */
  readonly vocabSize?: number
}

/** Writes a model folder in transformers.js layout: one word, one token, no special tokens around a text. */
export async function writeStaticModel(folder: string, model: StaticModel): Promise<void> {
  const json = (path: string, value: unknown) => writeFile(join(folder, path), JSON.stringify(value))
  await mkdir(join(folder, 'onnx'), { recursive: true })
  await mkdir(join(folder, '1_Pooling'), { recursive: true })
  await writeFile(join(folder, 'onnx/model.onnx'), gatherOnnx(model.table))
  await json('config.json', {
    vocab_size: model.vocabSize ?? model.table.length,
    hidden_size: model.table[0]?.length,
    pad_token_id: 0,
  })
  await json('modules.json', [
    { type: 'x.Transformer', path: '' },
    { type: 'x.Pooling', path: '1_Pooling' },
    { type: 'x.Normalize', path: '2_Normalize' },
  ])
  await json('1_Pooling/config.json', { word_embedding_dimension: model.table[0]?.length, pooling_mode_mean_tokens: true })
  await json('sentence_bert_config.json', { max_seq_length: 64 })
  await json('tokenizer_config.json', {})
  await json('tokenizer.json', {
    version: '1.0',
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: model.words[0],
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(model.words.map((word, id) => [word, id])),
    },
  })
}
