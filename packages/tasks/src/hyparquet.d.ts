/** The part of hyparquet 1.31.5 that is used; to be deleted once the package is a dependency, which brings its own types. */
declare module 'hyparquet' {
  interface AsyncBuffer {
    readonly byteLength: number
    readonly slice: (start: number, end?: number) => Promise<ArrayBuffer>
  }
  interface FileMetaData {
    readonly row_groups: readonly { readonly num_rows: bigint }[]
  }
  export function asyncBufferFromFile(filename: string): Promise<AsyncBuffer>
  export function parquetMetadataAsync(file: AsyncBuffer): Promise<FileMetaData>
  export function parquetReadObjects(options: {
    readonly file: AsyncBuffer
    readonly metadata: FileMetaData
    readonly rowStart: number
    readonly rowEnd: number
    readonly compressors: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>>
  }): Promise<Record<string, unknown>[]>
}
