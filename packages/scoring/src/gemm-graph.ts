/**
 * The bytes of an ONNX model with one node, `scores = Gemm(queries, documents, transB=1)`, all sizes dynamic, written
 * with the few protobuf rules it needs: field tag, varint, length-delimited. No binary in git, no ONNX library.
 * Shapes: queries [query, dimension], documents [document, dimension], scores [query, document], all float32.
 * Field numbers: onnx/onnx.proto (IR version 10, opset 21).
 */
export function gemmGraph(): Uint8Array {
  const node = message([
    text(1, 'queries'),
    text(1, 'documents'),
    text(2, 'scores'),
    text(4, 'Gemm'),
    nested(5, [text(1, 'transB'), integer(3, 1), integer(20, ATTRIBUTE_INT)]),
  ])
  const graph = [
    bytesField(1, node),
    text(2, 'search'),
    nested(11, matrix('queries', ['query', 'dimension'])),
    nested(11, matrix('documents', ['document', 'dimension'])),
    nested(12, matrix('scores', ['query', 'document'])),
  ]
  return message([integer(1, 10), nested(7, graph), nested(8, [text(1, ''), integer(2, 21)])])
}

const ATTRIBUTE_INT = 2
const FLOAT = 1

/** A ValueInfo: name, float32, and one named dynamic size per axis. */
function matrix(name: string, axes: readonly string[]): Uint8Array[] {
  const shape = axes.map((axis) => nested(1, [text(2, axis)]))
  return [text(1, name), nested(2, [nested(1, [integer(1, FLOAT), nested(2, shape)])])]
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
