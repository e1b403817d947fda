/**
 * WebAssembly as expressions that are written down as bytes: as much of the binary format (core specification 2.0, chapter 5,
 * with 128-bit vectors) as the kernels of this package need. An expression leaves its value on the stack, a statement nothing.
 */
export type Code = readonly number[]
export type ValueType = 'i32' | 'i64' | 'f32' | 'v128'

const VALUE_TYPES: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, v128: 0x7b }
const NOTHING = 0x40

/** A parameter or local variable of a function. */
export class Local {
  readonly get: Code
  private readonly index: number

  constructor(index: number) {
    this.index = index
    this.get = [0x20, ...unsigned(index)]
  }

  set(value: Code): Code {
    return [...value, 0x21, ...unsigned(this.index)]
  }
}

export interface Kernel {
  readonly parameters: readonly ValueType[]
  readonly result: ValueType | null
  readonly locals: readonly ValueType[]
  readonly code: Code
}

type Types = Readonly<Record<string, ValueType>>

/** A function: named parameters and locals, and the code that `body` makes of them. */
export function kernel<P extends Types, L extends Types>(
  parameters: P,
  locals: L,
  body: (names: Record<keyof P | keyof L, Local>) => readonly Code[],
  result: ValueType | null = null,
): Kernel {
  const names = [...Object.keys(parameters), ...Object.keys(locals)]
  const byName = Object.fromEntries(names.map((name, index) => [name, new Local(index)])) as Record<keyof P | keyof L, Local>
  return { parameters: Object.values(parameters), result, locals: Object.values(locals), code: body(byName).flat() }
}

/** The bytes of a module that exports each kernel by its name and imports its memory as `host.memory`. */
export function moduleOf(kernels: Readonly<Record<string, Kernel>>): Uint8Array<ArrayBuffer> {
  const all = Object.values(kernels)
  const types = all.map(({ parameters, result }) => [0x60, ...typeList(parameters), ...typeList(result ? [result] : [])])
  const bodies = all.map(({ locals, code }) => sized([...list(locals.map((type) => [1, VALUE_TYPES[type]])), ...code, 0x0b]))
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(types)),
    ...section(2, list([[...name('host'), ...name('memory'), 0x02, 0x00, 0x00]])),
    ...section(3, list(all.map((_, i) => unsigned(i)))),
    ...section(7, list(Object.keys(kernels).map((key, i) => [...name(key), 0x00, ...unsigned(i)]))),
    ...section(10, list(bodies)),
  ])
}

export const constant = {
  i32: (value: number): Code => [0x41, ...signed(value)],
  f32: (value: number): Code => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)],
}

/** Runs statements while `condition` is not 0. */
export function whileTrue(condition: Code, ...body: Code[]): Code {
  return [0x02, NOTHING, 0x03, NOTHING, ...condition, 0x45, 0x0d, 1, ...body.flat(), 0x0c, 0, 0x0b, 0x0b]
}

/** `a` where `condition` is not 0, else `b`; both are computed. */
export function either(condition: Code, a: Code, b: Code): Code {
  return [...a, ...b, ...condition, 0x1b]
}

type Binary = (a: Code, b: Code) => Code
type Unary = (a: Code) => Code
type Load = (address: Code, offset?: number) => Code
type Store = (address: Code, value: Code, offset?: number) => Code

const binary =
  (...opcode: number[]): Binary =>
  (a, b) => [...a, ...b, ...opcode]
const unary =
  (...opcode: number[]): Unary =>
  (a) => [...a, ...opcode]
const load =
  (...opcode: number[]): Load =>
  (address, offset = 0) => [...address, ...opcode, 0, ...unsigned(offset)]
const store =
  (...opcode: number[]): Store =>
  (address, value, offset = 0) => [...address, ...value, ...opcode, 0, ...unsigned(offset)]
const vector = (opcode: number): number[] => [0xfd, ...unsigned(opcode)]

export const i32 = {
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  and: binary(0x71),
  or: binary(0x72),
  shiftLeft: binary(0x74),
  shiftRight: binary(0x76),
  less: binary(0x49),
  equal: binary(0x46),
  different: binary(0x47),
  isZero: unary(0x45),
  trailingZeros: unary(0x68),
  ones: unary(0x69),
  ofI64: unary(0xa7),
  load: load(0x28),
  loadByte: load(0x2d),
  store: store(0x36),
  storeByte: store(0x3a),
}

export const i64 = {
  add: binary(0x7c),
  and: binary(0x83),
  or: binary(0x84),
  xor: binary(0x85),
  shiftLeft: binary(0x86),
  ones: unary(0x7b),
  ofI32: unary(0xad),
  load: load(0x29),
  store: store(0x37),
}

export const f32 = {
  add: binary(0x92),
  sub: binary(0x93),
  mul: binary(0x94),
  div: binary(0x95),
  min: binary(0x96),
  max: binary(0x97),
  abs: unary(0x8b),
  greater: binary(0x5e),
  sqrt: unary(0x91),
  ofI32: unary(0xb2),
  load: load(0x2a),
  store: store(0x38),
}

/** Vectors of four numbers; `f32x4` and `i32x4` are two readings of them. */
export const v128 = {
  load: load(...vector(0x00)),
  store: store(...vector(0x0b)),
  /** The first four bytes. */
  storeFirst32: (address: Code, value: Code): Code => [...address, ...value, ...vector(0x5a), 0, 0, 0],
  /** `a` where `mask` has no bit. */
  without: binary(...vector(0x4f)),
  /** Four of the eight 32-bit numbers of `a` and `b`. */
  pick: (a: Code, b: Code, numbers: readonly number[]): Code => [
    ...a,
    ...b,
    ...vector(0x0d),
    ...numbers.flatMap((number) => [0, 1, 2, 3].map((byte) => 4 * number + byte)),
  ],
}

export const f32x4 = {
  splat: unary(...vector(0x13)),
  lane: (value: Code, lane: number): Code => [...value, ...vector(0x1f), lane],
  equal: binary(...vector(0x41)),
  greater: binary(...vector(0x44)),
  atLeast: binary(...vector(0x46)),
  add: binary(...vector(0xe4)),
  sub: binary(...vector(0xe5)),
  mul: binary(...vector(0xe6)),
  div: binary(...vector(0xe7)),
  /** One instruction; of operands of which one is not a number, the first. */
  min: binary(...vector(0xea)),
  max: binary(...vector(0xeb)),
  ofI32: unary(...vector(0xfa)),
}

export const i16x8 = {
  /** Eight numbers of 16 bits with their sign. */
  narrowed: binary(...vector(0x85)),
  /** Sums of two neighbouring products. */
  dot: binary(...vector(0xba)),
}

export const i8x16 = {
  /** The bytes of `value` in the order that `numbers` have, each below 16. */
  ordered: binary(...vector(0x100)),
  splat: unary(...vector(0x0f)),
  /** Sixteen numbers of 8 bits with their sign. */
  narrowed: binary(...vector(0x65)),
  add: binary(...vector(0x6e)),
}

export const i32x4 = {
  splat: unary(...vector(0x11)),
  lane: (value: Code, lane: number): Code => [...value, ...vector(0x1b), lane],
  equal: binary(...vector(0x37)),
  /** With their signs. */
  less: binary(...vector(0x39)),
  /** A bit per number, its sign. */
  signs: unary(...vector(0xa4)),
  /** The same of four vectors: a bit per number, 16 in all. Each number is 0 or -1. */
  signsOfFour: ([a, b, c, d]: readonly [Code, Code, Code, Code]): Code => {
    const [low, high] = [
      [...a, ...b, ...vector(0x85)],
      [...c, ...d, ...vector(0x85)],
    ]
    return [...low, ...high, ...vector(0x65), ...vector(0x64)]
  },
  add: binary(...vector(0xae)),
  shiftLeft: binary(...vector(0xab)),
  sub: binary(...vector(0xb1)),
  /** One instruction, of numbers within range. */
  truncatedInRange: unary(...vector(0x101)),
  /** Four numbers of 0 to 255 as bytes, in the first four bytes. */
  bytes: (value: Code): Code => [...value, ...value, ...vector(0x86), ...constantZero, ...vector(0x66)],
}

const constantZero: Code = [...constant.i32(0), ...vector(0x11)]

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: number): number[] {
  const low = value & 0x7f
  const rest = value >> 7
  const done = (rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40)
  return done ? [low] : [low | 0x80, ...signed(rest)]
}

function sized(bytes: Code): number[] {
  return [...unsigned(bytes.length), ...bytes]
}

function list(items: readonly Code[]): number[] {
  return [...unsigned(items.length), ...items.flat()]
}

function typeList(types: readonly ValueType[]): number[] {
  return list(types.map((type) => [VALUE_TYPES[type]]))
}

function name(text: string): number[] {
  return sized([...Buffer.from(text, 'utf8')])
}

function section(id: number, bytes: Code): number[] {
  return [id, ...sized(bytes)]
}
