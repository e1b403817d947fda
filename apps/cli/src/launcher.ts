/** Set by `bin/sweepboard.mjs` and `start.mjs` to their process id where they start the pinned Node with a channel to them. */
const LAUNCHER = 'SWEEPBOARD_LAUNCHER'

/**
 * Ends this process with the launcher that started it, however that ended: whoever kills the process they started must not be left with
 * one that holds its port. Does nothing where there was no launcher, or where the channel is somebody else's.
 */
export function endWithLauncher(): void {
  const launcher = process.env[LAUNCHER]
  delete process.env[LAUNCHER]
  if (launcher === undefined || process.connected === undefined) return
  // As the launcher was killed: nothing here needs an orderly end.
  const end = () => process.kill(process.pid, 'SIGKILL')
  if (!process.connected) end()
  if (launcher !== String(process.ppid)) return
  process.once('disconnect', end)
  process.channel?.unref()
}
