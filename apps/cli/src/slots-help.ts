/** What `--slots` of `worker` and `run` takes. */
export const SLOTS_HELP =
  'what computes: cuda:0, cuda:1+2 (one slot over two GPUs), cuda (one slot for each GPU), cpu, 2xcpu, endpoint, or a list of them; auto = every GPU found, cpu and endpoint'
