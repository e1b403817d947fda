/** What a worker knows of the place where it starts a server, and a plan does not. */
export interface LaunchPlace {
  /** Free port of the loopback address. */
  readonly port: number
  /** Devices as `CUDA_VISIBLE_DEVICES` takes them, an index or a MIG UUID each; empty on a CPU slot. More than one are joined. */
  readonly devices: readonly string[]
  /** Bytes of the slot, all its devices together. */
  readonly memoryBytes: number
  /** Least part of a device's memory that nobody else holds, between 0 and 1; absent where all is free or nobody can tell. */
  readonly freeShare?: number | undefined
  /** Folder with the model's files on this host; null: the server reads the hub id at the load's revision itself. */
  readonly folder: string | null
  /** Empty folder of this launch, where `files` are written. */
  readonly scratch: string
  readonly settings: LauncherSettings
}

/** What a worker's host says of a launcher in its own file; a spec cannot. */
export interface LauncherSettings {
  /** Program and first arguments in place of the launcher's own, e.g. `['/opt/vllm/bin/vllm']`. */
  readonly program?: readonly string[] | undefined
  /** Arguments to add at the end. */
  readonly args?: readonly string[] | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** How a server is started, asked whether it is ready, and which version it is. Pure data: nothing was started. */
export interface LaunchCommand {
  /** Program and arguments; never passed through a shell. */
  readonly argv: readonly string[]
  /** Laid over the environment that the worker passes on. */
  readonly env: Readonly<Record<string, string>>
  /** To be written before the start, below the place's `scratch`. */
  readonly files: readonly { readonly path: string; readonly text: string }[]
  /** Base URL the engine is opened with, with /v1 where the server has one. */
  readonly url: string
  /** GET answers 200 as soon as the model is loaded, and not before. */
  readonly ready: string
  /** GET whose JSON answer names the version; null where the server has no such route. */
  readonly version: { readonly url: string; readonly read: (answer: unknown) => string | null } | null
  /** Why this version must not be used (what it gets wrong), or null. */
  readonly refuse: (version: string) => string | null
}
