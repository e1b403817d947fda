/**
 * Bytes of ONNX models with the few protobuf rules they need: field tag, varint, length-delimited. No binary in git, no ONNX
 * library. Field numbers: onnx/onnx.proto (IR version 10, opset 21). All sizes are dynamic.
 */

const ATTRIBUTE_INT = 2
const FLOAT = 1
const UINT8 = 2
const INT8 = 3
const INT32 = 6
const QUERIES: Value = { name: 'queries', axes: ['query', 'dimension'] }
const DOCUMENTS: Value = { name: 'documents', axes: ['document', 'dimension'] }
const BEFORE: Value = { name: 'before', axes: ['query', 'document'] }
const SCORES: Value = { name: 'scores', axes: ['query', 'document'] }

/**
 * `scores = Gemm(queries, documents, transB=1)`: queries [query, dimension], documents [document, dimension], scores [query, document], all
 * float32. With `adds`, `before`, in the shape of the scores, is added.
 */
export function gemmGraph(adds: boolean): Uint8Array {
  const attribute = nested(5, [text(1, 'transB'), integer(3, 1), integer(20, ATTRIBUTE_INT)])
  const values = [QUERIES, DOCUMENTS, ...(adds ? [BEFORE] : [])]
  const node = nodeOf('Gemm', { inputs: values.map(({ name }) => name), output: 'scores', attributes: [attribute] })
  return modelOf([node], { inputs: values.map((value) => typed(value, FLOAT)), output: typed(SCORES, FLOAT) })
}

/**
 * The same of codes, exact: documents [document, dimension] uint8, code + `zero`; zero a uint8 scalar; queries turned, [dimension, query],
 * int8, or uint8 and code + `zero` too; scores turned as well, [document, query], int32.
 */
export function codesGraph(queries: 'int8' | 'uint8'): Uint8Array {
  const inputs = ['documents', 'queries', 'zero', ...(queries === 'uint8' ? ['zero'] : [])]
  const product = nodeOf('MatMulInteger', { inputs, output: 'scores', attributes: [] })
  const turned = typed({ name: 'queries', axes: ['dimension', 'query'] }, queries === 'int8' ? INT8 : UINT8)
  return modelOf([product], {
    inputs: [typed(DOCUMENTS, UINT8), turned, typed({ name: 'zero', axes: [] }, UINT8)],
    output: typed({ name: 'scores', axes: ['document', 'query'] }, INT32),
  })
}

interface Value {
  readonly name: string
  readonly axes: readonly string[]
}

interface Node {
  readonly inputs: readonly string[]
  readonly output: string
  readonly attributes: readonly Uint8Array[]
}

function nodeOf(operator: string, { inputs, output, attributes }: Node): Uint8Array {
  return message([...inputs.map((name) => text(1, name)), text(2, output), text(4, operator), ...attributes])
}

function modelOf(
  nodes: readonly Uint8Array[],
  { inputs, output }: { inputs: readonly Uint8Array[][]; output: readonly Uint8Array[] },
): Uint8Array {
  const graph = [
    ...nodes.map((node) => bytesField(1, node)),
    text(2, 'search'),
    ...inputs.map((input) => nested(11, input)),
    nested(12, output),
  ]
  return message([integer(1, 10), nested(7, graph), nested(8, [text(1, ''), integer(2, 21)])])
}

/** A ValueInfo: name, type, and one named dynamic size per axis. */
function typed({ name, axes }: Value, type: number): Uint8Array[] {
  const shape = axes.map((axis) => nested(1, [text(2, axis)]))
  return [text(1, name), nested(2, [nested(1, [integer(1, type), nested(2, shape)])])]
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]
}

function message(fields: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(fields)
}

function integer(field: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(field << 3), ...varint(value)])
}

function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  return message([Uint8Array.from([...varint((field << 3) | 2), ...varint(bytes.length)]), bytes])
}

function text(field: number, value: string): Uint8Array {
  return bytesField(field, Buffer.from(value, 'utf8'))
}

function nested(field: number, fields: readonly Uint8Array[]): Uint8Array {
  return bytesField(field, message(fields))
}
