import type { ErrorEntry } from './error.ts'

/**
 * Every coded failure: `SB-AREA-NNN`. Codes are never reused. `docs/errors.md` is checked both ways against this table.
 * Areas: CORE, SPEC (sweep files), TASK (datasets), MODEL (recipes, tokenisers, engines), HTTP (remote engines),
 * SCORE, LEDGER, QUEUE, ART (artifacts), SERVE (service, tokens), WORK (workers), FILE (user files).
 */
export const ERRORS = {
  'SB-CORE-001': {
    kind: 'bug',
    says: (d) => `unexpected: ${d.message}`,
    fix: 'This is a bug in sweepboard: report it with the output of `sweepboard doctor`.',
  },
  'SB-CORE-002': {
    kind: 'invalid',
    says: (d) => `${d.what} is not available yet`,
    fix: 'See `sweepboard explain SB-CORE-002` for what this version covers; leave it out for now.',
  },
  'SB-CORE-003': {
    kind: 'missing',
    says: (d) => `sweepboard needs Node 24, this is ${d.version}`,
    fix: 'Install Node 24, or run through `npm start` on linux-x64.',
  },
  'SB-CORE-004': { kind: 'cancelled', says: (d) => `${d.what} was interrupted`, fix: 'Start it again: finished work is kept.' },
  'SB-CORE-005': {
    kind: 'missing',
    says: (d) => `no error code "${d.code}"${d.suggestion ? `, did you mean ${d.suggestion}?` : ''}`,
    fix: '`sweepboard explain` lists all codes.',
  },

  'SB-SPEC-001': {
    kind: 'invalid',
    says: (d) => `${d.file} has ${d.count} mistake${d.count === 1 ? '' : 's'}`,
    fix: 'Correct the lines named; nothing was started.',
  },
  'SB-SPEC-002': {
    kind: 'invalid',
    says: (d) => `not readable as YAML: ${d.message}`,
    fix: 'Correct the YAML syntax at the line named.',
  },
  'SB-SPEC-003': {
    kind: 'invalid',
    says: (d) =>
      d.isElsewhere === true
        ? `the key "${d.key}" does not belong here`
        : `unknown key "${d.key}"${d.suggestion ? `, did you mean "${d.suggestion}"?` : ''}`,
    fix: 'Use one of the keys of the sweep language (`sweepboard plan --schema`).',
  },
  'SB-SPEC-004': { kind: 'invalid', says: (d) => `${d.path}: ${d.message}`, fix: 'Write a value of the form named.' },
  'SB-SPEC-005': {
    kind: 'invalid',
    says: (d) => `unknown task "${d.task}"${d.suggestion ? `, did you mean "${d.suggestion}"?` : ''}`,
    fix: '`sweepboard tasks` lists the catalog; a folder is written ./like/this.',
  },
  'SB-SPEC-006': {
    kind: 'invalid',
    says: (d) => `unknown model "${d.model}"${d.suggestion ? `, did you mean "${d.suggestion}"?` : ''}`,
    fix: 'Name a local folder, a built-in model (`sweepboard models`), or give an engine.',
  },
  'SB-SPEC-007': { kind: 'missing', says: (d) => `cannot read the sweep file ${d.file}`, fix: 'Check the path.' },
  'SB-SPEC-008': {
    kind: 'invalid',
    says: (d) => `the sweep names no cell: ${d.reason}`,
    fix: 'Loosen `exclude`, or name other tasks or models.',
  },
  'SB-SPEC-009': {
    kind: 'invalid',
    says: (d) => `gate ${d.gate}: ${d.message}`,
    fix: 'A gate reads `ndcg_at_10: ">= 0.8"`, metrics named as MTEB does, or `published: within 0.015`.',
  },
  'SB-SPEC-010': {
    kind: 'invalid',
    says: (d) => `two tasks are called "${d.task}": ${d.first} and ${d.second}`,
    fix: 'Rename one folder, or give it a "name" in its task.json: scores of two data sets do not belong in one column.',
  },
  'SB-SPEC-011': {
    kind: 'invalid',
    says: (d) => `${d.path}.${d.key}: a sweep file names a launcher and never says what it runs`,
    fix: 'Write it into the launchers file of the worker (`sweepboard worker --launchers FILE`, docs/launchers.md) and name it: `engine: { launch: { name: my-server } }`.',
  },
  'SB-SPEC-012': {
    kind: 'invalid',
    says: (d) => `no benchmark "${d.benchmark}"${d.suggestion ? `, did you mean "${d.suggestion}"?` : ''}; there are: ${d.known}`,
    fix: 'Name one of them, in quotes for the shell; with a type behind it only its tasks of that type: "MTEB(eng, v2):Retrieval".',
  },

  'SB-TASK-001': {
    kind: 'invalid',
    says: (d) => `${d.count} mistake${d.count === 1 ? '' : 's'} in the data of ${d.task}`,
    fix: 'Correct the files named; nothing was stored.',
  },
  'SB-TASK-002': { kind: 'invalid', says: (d) => `malformed JSON: ${d.message}`, fix: 'Each line must be one JSON object.' },
  'SB-TASK-003': {
    kind: 'invalid',
    says: (d) => `duplicate id "${d.id}" (first at line ${d.first})`,
    fix: 'Give every row an id of its own.',
  },
  'SB-TASK-004': {
    kind: 'invalid',
    says: (d) => `${d.side} is empty`,
    fix: 'A task needs at least one document and one judged query, or one pair.',
  },
  'SB-TASK-005': { kind: 'invalid', says: () => 'not valid UTF-8', fix: 'Save the file as UTF-8.' },
  'SB-TASK-006': {
    kind: 'invalid',
    says: (d) => `lone surrogate in ${d.field}`,
    fix: 'Repair the text at its source: half a character cannot be encoded.',
  },
  'SB-TASK-007': {
    kind: 'invalid',
    says: (d) => `${d.field} must be ${d.wanted}`,
    fix: 'See docs/tasks.md for the layout of a task folder.',
  },
  'SB-TASK-008': {
    kind: 'missing',
    says: (d) => `no data for ${d.task}: ${d.path} does not exist`,
    fix: 'Pass --datasets ROOT with the data in ROOT/<Task>/ (docs/tasks.md), or name a task folder.',
  },
  'SB-TASK-009': {
    kind: 'invalid',
    says: (d) => `task type ${d.type} of ${d.task} is not available yet`,
    fix: 'This version evaluates Retrieval, Reranking, InstructionReranking, STS, PairClassification and BitextMining.',
  },
  'SB-TASK-010': {
    kind: 'invalid',
    says: (d) => `${d.task} has no ${d.what} "${d.name}"`,
    fix: 'See `sweepboard tasks NAME` for its subsets and splits.',
  },
  'SB-TASK-011': {
    kind: 'unavailable',
    says: (d) => `preparing ${d.task} ended without an answer: ${d.message}`,
    fix: 'Most likely memory ran out: free some, or set `limit`, then `sweepboard retry`.',
  },
  'SB-TASK-012': {
    kind: 'invalid',
    says: (d) => `${d.file} is damaged: ${d.message}`,
    fix: 'Delete the file and fetch or write it again.',
  },
  'SB-TASK-013': {
    kind: 'unavailable',
    says: (d) => `the hub gave no ${d.what} of ${d.repo}: ${d.message}`,
    fix: 'Check the network and HF_ENDPOINT, then start again: what arrived is kept, and a broken download goes on where it ended. With --offline only the cache is read.',
  },
  'SB-TASK-014': {
    kind: 'invalid',
    says: (d) => `the hub refuses ${d.repo} (${d.status}): ${d.message}`,
    fix: 'Accept the terms on the page of the data set, and set HF_TOKEN to a token that may read it.',
  },
  'SB-TASK-015': {
    kind: 'missing',
    says: (d) => `the hub has no ${d.what} in ${d.repo} at ${d.revision}`,
    fix: 'Check HF_ENDPOINT; a private data set also looks absent without a token in HF_TOKEN.',
  },
  'SB-TASK-016': {
    kind: 'missing',
    says: (d) => `${d.what} of ${d.repo} at ${d.revision} is not in the cache ${d.cache}, and sweepboard is offline`,
    fix: 'Run once without --offline, point HF_HOME to a cache that has it, or pass --datasets ROOT with the data in ROOT/<Task>/.',
  },
  'SB-TASK-017': {
    kind: 'invalid',
    says: (d) => `${d.repo} cannot be read as ${d.task} needs it: ${d.message}`,
    fix: 'See docs/tasks.md for the layouts that are read; or place the data in a folder below --datasets.',
  },

  'SB-MODEL-001': {
    kind: 'missing',
    says: (d) => `no model folder at ${d.path}`,
    fix: 'Check the path, or pass --models ROOT on the worker.',
  },
  'SB-MODEL-002': {
    kind: 'invalid',
    says: (d) => `${d.file} cannot be loaded as ONNX: ${d.message}`,
    fix: 'The file is damaged or not an ONNX model: fetch it again.',
  },
  'SB-MODEL-003': {
    kind: 'invalid',
    says: (d) => `the tokenizer of ${d.model} does not fit its model: ${d.message}`,
    fix: 'Use the tokenizer.json that was exported with the model.',
  },
  'SB-MODEL-004': {
    kind: 'invalid',
    says: (d) => `no recipe for ${d.model}${d.suggestion ? ` (did you mean "${d.suggestion}"?)` : ''}: ${d.missing}`,
    fix: 'Write `recipe:` in the spec, or add modules.json and 1_Pooling/config.json to the folder.',
  },
  'SB-MODEL-005': {
    kind: 'invalid',
    says: (d) => `non-finite vector for text ${d.text}`,
    fix: 'The model produced NaN or infinity for this text: remove the text or use another dtype.',
  },
  'SB-MODEL-006': {
    kind: 'invalid',
    says: (d) => `the engine failed on text ${d.text}: ${d.message}`,
    fix: 'Remove or repair this text, then `sweepboard retry`.',
  },
  'SB-MODEL-007': {
    kind: 'unavailable',
    says: (d) => `the engine failed: ${d.message}`,
    fix: 'See the cause; `sweepboard retry` runs only what failed.',
  },
  'SB-MODEL-008': {
    kind: 'unavailable',
    says: (d) => `the child process that computes ${d.what}`,
    fix: 'It is replaced by itself; if it happens again, lower --threads or the number of slots.',
  },
  'SB-MODEL-009': {
    kind: 'conflict',
    says: (d) => `the weights in ${d.path} changed (digest ${d.found}, planned ${d.wanted})`,
    fix: 'Submit the sweep again: other weights are another model.',
  },
  'SB-MODEL-010': {
    kind: 'invalid',
    says: (d) => `not even one text${d.tokens === undefined ? '' : ` of ${d.tokens} tokens`} fits in memory`,
    fix: 'Use a smaller dtype, a larger device or fewer max tokens.',
  },
  'SB-MODEL-011': {
    kind: 'missing',
    says: (d) => `the execution provider ${d.provider} cannot run this model: ${d.message}`,
    fix: 'Install its libraries, or choose `provider: cpu`; work never falls back to another provider by itself.',
  },
  'SB-MODEL-012': {
    kind: 'invalid',
    says: (d) => `${d.a} and ${d.b} cannot be compared: ${d.message}`,
    fix: 'Name two engines of one model, see `sweepboard consistency --help`.',
  },
  'SB-MODEL-013': {
    kind: 'invalid',
    says: (d) => `no revision of ${d.model} is pinned${d.suggestion ? ` (did you mean "${d.suggestion}"?)` : ''}`,
    fix: 'Write `revision: COMMIT` beside the model: what a server fetches from the hub must be the same on every host.',
  },
  'SB-MODEL-014': {
    kind: 'invalid',
    says: (d) => `${d.model} is a reranker: reproduce computes scores of vectors only`,
    fix: 'Run it on its task with `sweepboard run`, `sweepboard export`, then judge the file: `sweepboard reproduce --from FILE`.',
  },
  'SB-MODEL-015': {
    kind: 'missing',
    says: (d) =>
      `llama.cpp reads GGUF files from this disk, and ${d.cache} has no ${d.file} of ${d.repo}: \`hf download ${d.repo} --include "${d.file}"\` puts it there`,
    fix: 'Fetch the file so, on the hosts that serve it too; or name another repository or a file: `llamacpp: { repo: ORG/NAME }`, `llamacpp: { file: ./FILE.gguf }`.',
  },

  'SB-HTTP-001': {
    kind: 'unavailable',
    says: (d) => `${d.url} cannot be reached: ${d.message}`,
    fix: 'Start the server or correct the URL.',
  },
  'SB-HTTP-002': {
    kind: 'overloaded',
    says: (d) => `${d.url} answered ${d.status}`,
    fix: 'Wait, or lower `concurrency` if it lasts: a sweep that runs asks again by itself, a command that plans one is to be repeated.',
  },
  'SB-HTTP-003': {
    kind: 'invalid',
    says: (d) => `${d.url} answered ${d.status}: ${d.message}`,
    fix: 'Check model name, key variable and input limits of the server.',
  },
  'SB-HTTP-004': {
    kind: 'invalid',
    says: (d) => `${d.url} gave a wrong answer: ${d.message}`,
    fix: 'The server does not keep the contract of its API; nothing of the answer was used.',
  },
  'SB-HTTP-005': {
    kind: 'conflict',
    says: (d) => `${d.url} serves another model than planned (fingerprint ${d.found}, planned ${d.wanted})`,
    fix: 'Submit the sweep again: old vectors are kept under the old fingerprint.',
  },
  'SB-HTTP-006': {
    kind: 'invalid',
    says: (d) => `the environment variable ${d.variable} is not readable here`,
    fix: 'Set it on the worker and start the worker with --allow-env NAME.',
  },
  'SB-HTTP-007': {
    kind: 'timeout',
    says: (d) => `${d.url} did not answer within ${d.timeoutMs} ms`,
    fix: 'Raise `timeout`, or lower `batch`.',
  },
  'SB-HTTP-008': {
    kind: 'invalid',
    says: (d) => `${d.url} reads ${d.found} tokens of an input, the recipe wants ${d.wanted}`,
    fix: 'Start the server with a larger limit, or lower `maxTokens` in the recipe.',
  },
  'SB-HTTP-009': {
    kind: 'invalid',
    says: (d) =>
      d.text === undefined
        ? `${d.url} counted ${d.found} tokens where ${d.wanted} were sent`
        : `${d.url} counted ${d.found} tokens of text ${d.text}, ${d.quoted}, where ${d.wanted} were sent`,
    fix: 'Fewer: the server cuts texts; more: it adds a prompt, or splits some texts otherwise than `tokenizer` (Ollama does). Switch that off in the server, name the right `tokenizer`, or use a server that takes token ids.',
  },
  'SB-HTTP-010': {
    kind: 'invalid',
    says: (d) => `${d.url} cannot serve this: ${d.message}`,
    fix: 'Name the engine, `style` or recipe that fits the server (docs/models.md).',
  },

  'SB-SCORE-001': {
    kind: 'invalid',
    says: (d) => `non-finite score for query ${d.query}`,
    fix: 'See which vectors are not finite with `sweepboard explain SB-MODEL-005`.',
  },
  'SB-SCORE-002': {
    kind: 'invalid',
    says: (d) => `the vectors do not fit together: ${d.message}`,
    fix: 'Both sides must come from one model: submit the sweep again.',
  },
  'SB-SCORE-003': {
    kind: 'invalid',
    says: (d) => `${d.file} line ${d.line}: ${d.message}`,
    fix: 'A run line is `qid Q0 docid rank score tag`, a qrels line `qid 0 docid grade`.',
  },
  'SB-SCORE-004': {
    kind: 'missing',
    says: (d) => `no score here of a task "${d.task}" whose queries have kinds`,
    fix: 'Run a sweep over it first. Kinds of a task of your own stand in its `queries.jsonl`; `sweepboard leaderboard` shows what is scored.',
  },
  'SB-SCORE-005': {
    kind: 'invalid',
    says: (d) => `nothing can be fitted: ${d.message}`,
    fix: 'Fitting and judging need two queries at least, pairs that both sides have scored, and targets within [0, 1] that differ: `--target sigmoid` or `minmax` brings raw scores there.',
  },
  'SB-SCORE-006': {
    kind: 'invalid',
    says: (d) => `no such measure: ${d.unknown}${d.suggestion ? `, did you mean ${d.suggestion}?` : ''}; there are ${d.known}`,
    fix: 'Name measures as trec_eval does, cut-offs after a dot: `-m ndcg_cut.10,100,map`.',
  },

  'SB-LEDGER-001': {
    kind: 'conflict',
    says: (d) => `the data folder ${d.folder} is in use by ${d.holder}${d.url ? `, which listens: --to ${d.url}` : ''}`,
    fix: 'Ask it with --to URL where it listens; else let it end or stop it, or use another --data folder.',
  },
  'SB-LEDGER-002': { kind: 'missing', says: (d) => `no sweep "${d.sweep}"`, fix: '`sweepboard status` lists the sweeps.' },
  'SB-LEDGER-003': {
    kind: 'conflict',
    says: (d) => `sweep ${d.sweep} is ${d.state}: it cannot be ${d.action}`,
    fix: 'See `sweepboard status`.',
  },
  'SB-LEDGER-004': {
    kind: 'conflict',
    says: (d) => `this database was written by a newer sweepboard (${d.found})`,
    fix: 'Upgrade sweepboard, or use another --data folder.',
  },
  'SB-LEDGER-005': {
    kind: 'unavailable',
    says: (d) => `the ledger cannot be written: ${d.message}`,
    fix: 'Check free space and permissions of the data folder.',
  },
  'SB-LEDGER-006': {
    kind: 'conflict',
    says: (d) => `the data of ${d.task} changed since it was first prepared here`,
    fix: 'Put the old data back, or give the new data a folder or a name of its own.',
  },
  'SB-LEDGER-007': {
    kind: 'unavailable',
    says: (d) => `sweep ${d.sweep} is ${d.state}, but no process works on its data folder`,
    fix: 'Run its sweep file again, or start `sweepboard serve` on that folder.',
  },
  'SB-LEDGER-008': {
    kind: 'timeout',
    says: (d) => `the cell was worked on for ${d.seconds} s, its budget is ${d.budget} s`,
    fix: '`sweepboard retry` gives it the same time again, with what is encoded so far; or raise `budget.cell` and submit again.',
  },
  'SB-LEDGER-009': {
    kind: 'missing',
    says: (d) => `there is no ledger in ${d.folder}`,
    fix: 'Run a sweep or `sweepboard import` first, or say where it is: --data DIR, SWEEPBOARD_DATA or --to URL.',
  },
  'SB-LEDGER-010': {
    kind: 'missing',
    says: (d) => `no data of a task ${d.task} is stored here`,
    fix: 'Run a sweep over the task first.',
  },
  'SB-LEDGER-011': {
    kind: 'missing',
    says: (d) => `the ranked list of ${d.model} on ${d.task} is gone or damaged: artifact ${d.digest}`,
    fix: 'Put the file back from a backup of the data folder, then `sweepboard retry`; or run the sweep in a new data folder: a score is never computed twice.',
  },
  'SB-LEDGER-012': {
    kind: 'conflict',
    says: (d) => `there is a sweep ${d.sweep} already, of another spec: nothing was recorded`,
    fix: 'Submit without --id, which makes a new sweep; --id is for the same spec whose answer was lost.',
  },
  'SB-LEDGER-013': {
    kind: 'missing',
    says: (d) => `no model "${d.model}" on the board${d.suggestion ? `, did you mean "${d.suggestion}"?` : ''}`,
    fix: '`sweepboard leaderboard` shows the rows there are; `sweepboard import DIR` adds published ones.',
  },
  'SB-LEDGER-014': {
    kind: 'invalid',
    says: (d) => `"${d.name}" may be ${d.count} rows of the board:${d.names}`,
    fix: 'Write one of these names, in quotes for the shell.',
  },
  'SB-LEDGER-015': {
    kind: 'missing',
    says: (d) => `no row "${d.name}" on the board; there are:${d.names}`,
    fix: 'Write one of these names, in quotes for the shell.',
  },
  'SB-LEDGER-016': {
    kind: 'missing',
    says: (d) => `no task has a score of both ${d.a} and ${d.b}${d.reason ? `: ${d.reason}` : ''}`,
    fix: 'Run a sweep that names both, or name other --tasks; `sweepboard leaderboard` shows who has what.',
  },
  'SB-LEDGER-017': {
    kind: 'missing',
    says: (d) => `no result of ${d.model} on a task "${d.task}"${d.suggestion ? `, did you mean "${d.suggestion}"?` : ''}`,
    fix: '`sweepboard leaderboard` shows which tasks have scores; a sweep or `sweepboard import DIR` adds some.',
  },
  'SB-LEDGER-018': {
    kind: 'missing',
    says: (d) => `nothing named "${d.tasks}" has scores here${d.suggestion ? `, did you mean "${d.suggestion}"?` : ''}`,
    fix: '`sweepboard leaderboard` shows which tasks have scores; a sweep or `sweepboard import DIR` adds some.',
  },

  'SB-QUEUE-001': {
    kind: 'unavailable',
    says: (d) => `Redis at ${d.url} cannot be reached: ${d.message}`,
    fix: 'Start Redis, or correct --redis.',
  },
  'SB-QUEUE-002': { kind: 'invalid', says: (d) => `Redis ${d.version} is too old`, fix: 'Use Redis 6.2 or newer.' },
  'SB-QUEUE-003': {
    kind: 'invalid',
    says: (d) => `Redis evicts keys (maxmemory-policy ${d.policy})`,
    fix: 'redis-cli CONFIG SET maxmemory-policy noeviction',
  },
  'SB-QUEUE-004': {
    kind: 'invalid',
    says: (d) => `not a Redis URL: ${d.url}`,
    fix: 'Write redis://HOST:PORT, rediss://HOST:PORT (TLS) or unix:/path/to/redis.sock.',
  },
  'SB-QUEUE-005': {
    kind: 'invalid',
    says: () => 'Redis keeps no append-only file: a restart forgets the tickets that wait, and they are sent anew after a while',
    fix: 'redis-cli CONFIG SET appendonly yes',
  },
  'SB-QUEUE-006': {
    kind: 'invalid',
    says: (d) => `Redis at ${d.url} refuses this login: ${d.message}`,
    fix: 'Pass the password with --redis-password-file or SWEEPBOARD_REDIS_PASSWORD, and a user as redis://USER@HOST:PORT.',
  },
  'SB-QUEUE-007': {
    kind: 'invalid',
    says: (d) => `TLS with Redis at ${d.url} failed: ${d.message}`,
    fix: 'Pass who signed its certificate as --redis-ca, the name in it as --redis-server-name where the URL has another, a client certificate (--redis-cert, --redis-key) where it wants one; write redis:// where it speaks no TLS.',
  },
  'SB-QUEUE-008': {
    kind: 'invalid',
    says: (d) => `Redis at ${d.url} does not let this user do what the queue needs: ${d.message}`,
    fix: 'Give the user the ACL line of infra/README.md, with the prefix that --redis-prefix names.',
  },
  'SB-QUEUE-009': {
    kind: 'invalid',
    says: (d) => `Redis uses ${d.used} of at most ${d.limit} bytes: when it is full no ticket can be sent`,
    fix: 'Raise maxmemory (64 MB are plenty for tickets), or give the queue a Redis of its own.',
  },
  'SB-QUEUE-010': {
    kind: 'invalid',
    says: (d) => `Redis at ${d.url} takes no tickets: ${d.message}`,
    fix: 'Name the primary and not a replica, a database it has (redis://HOST:PORT/0), and a Redis that runs scripts (EVAL) and can write. OOM: raise its maxmemory; MISCONF: it cannot write its own files, free its disk. Tickets go on by themselves then.',
  },

  'SB-ART-001': {
    kind: 'missing',
    says: (d) => `artifact ${d.digest} is not in the store`,
    fix: 'It is made again by itself; if not, `sweepboard retry`.',
  },
  'SB-ART-002': {
    kind: 'invalid',
    says: (d) => `artifact ${d.digest} does not have its digest (${d.found})`,
    fix: 'The file is damaged: it is made again by itself.',
  },
  'SB-ART-003': {
    kind: 'invalid',
    says: (d) => `an artifact of ${d.sizeBytes} bytes is above the limit of ${d.limitBytes}`,
    fix: 'Raise --max-artifact on the service.',
  },
  'SB-ART-004': {
    kind: 'unavailable',
    says: (d) => `the disk of ${d.folder} is full`,
    fix: 'Free some space on that disk; what waits is delivered by itself afterwards.',
  },
  'SB-ART-005': {
    kind: 'unavailable',
    says: (d) => `artifact ${d.digest} broke off: ${d.bytes} bytes came, ${d.announced} were announced`,
    fix: 'It is sent again by itself; if it never arrives whole, look at the proxy in between.',
  },
  'SB-ART-006': {
    kind: 'unavailable',
    says: (d) => `${d.folder} cannot be written: ${d.message}`,
    fix: 'Make the disk writable again, or correct the rights of the folder; what waits is delivered by itself afterwards.',
  },
  'SB-ART-007': {
    kind: 'conflict',
    says: (d) => `${d.folder} is not the artifact folder of the service: ${d.message}`,
    fix: 'Mount the folder that `sweepboard serve --artifacts` names, or leave --artifacts out: artifacts then travel over HTTP.',
  },

  'SB-SERVE-001': {
    kind: 'invalid',
    says: (d) => `refusing to listen on ${d.host} without tokens`,
    fix: 'Pass --write-token-file and --read-token-file, or listen on 127.0.0.1.',
  },
  'SB-SERVE-002': {
    kind: 'invalid',
    says: (d) => `this needs the ${d.token} token`,
    fix: 'Pass --token-file, or set SWEEPBOARD_TOKEN.',
  },
  'SB-SERVE-003': {
    kind: 'conflict',
    says: (d) => `port ${d.port} is in use`,
    fix: 'Pass another --port, or --metrics-port for the metrics of a worker.',
  },
  'SB-SERVE-004': {
    kind: 'unavailable',
    says: (d) => `the service at ${d.url} cannot be reached: ${d.message}`,
    fix: 'Start it with `sweepboard serve`, or correct the URL.',
  },
  'SB-SERVE-005': { kind: 'invalid', says: (d) => `bad request: ${d.message}`, fix: 'See /openapi.json for the shape wanted.' },
  'SB-SERVE-006': { kind: 'missing', says: (d) => `there is no ${d.what}`, fix: 'See /openapi.json for what there is.' },
  'SB-SERVE-007': {
    kind: 'invalid',
    says: (d) => `the body is above the limit of ${d.limitBytes} bytes`,
    fix: 'Send less at once: texts and vectors go up as artifacts, published results file by file.',
  },
  'SB-SERVE-008': {
    kind: 'invalid',
    says: (d) => `"${d.url}" is not the address of a service`,
    fix: 'Write it as http://HOST:PORT, the line `sweepboard serve` prints; the token goes into --token-file, not into the address.',
  },
  'SB-SERVE-009': {
    kind: 'invalid',
    says: (d) => `who says this is not the host ${d.host}`,
    fix: 'A host speaks with the secret in the `host.json` of its folder. After an older version of the worker ran there: start the present one.',
  },
  'SB-SERVE-010': {
    kind: 'invalid',
    says: (d) => `the ${d.token} token is empty, or has white space or letters beyond ASCII in it`,
    fix: 'Make one: `head -c 24 /dev/urandom | base64 > write.token`.',
  },
  'SB-SERVE-011': {
    kind: 'invalid',
    says: (d) => `cannot listen on ${d.host}, port ${d.port}: ${d.message}`,
    fix: 'Name an address of this machine, and a port this user may open (1024 and above).',
  },
  'SB-SERVE-012': {
    kind: 'invalid',
    says: (d) => `this path does not take ${d.method}, only ${d.allow}`,
    fix: 'See /openapi.json for the methods of every path.',
  },
  'SB-SERVE-013': {
    kind: 'invalid',
    says: (d) => `refusing to serve metrics on ${d.host} without a token`,
    fix: 'Pass --metrics-token-file, or leave --metrics-host out: it is 127.0.0.1 then.',
  },

  'SB-WORK-001': {
    kind: 'conflict',
    says: (d) => `another worker (${d.holder}) uses ${d.folder}`,
    fix: 'Stop it, or pass another --data folder.',
  },
  'SB-WORK-002': {
    kind: 'timeout',
    says: (d) => `no progress for ${d.seconds} s`,
    fix: 'See what holds the engine (log file below the data folder); the chunk is tried again.',
  },
  'SB-WORK-003': {
    kind: 'invalid',
    says: (d) => `these chunks killed their worker ${d.count} times`,
    fix: 'A text in this range takes the engine down: see `sweepboard status --json`, then `retry`.',
  },
  'SB-WORK-004': {
    kind: 'unavailable',
    says: (d) => `no slot can serve ${d.lane}: ${d.reason}`,
    fix: 'Start a worker that can, see `sweepboard status`.',
  },
  'SB-WORK-005': {
    kind: 'invalid',
    says: (d) => `cannot read the slot "${d.item}"`,
    fix: 'Write --slots as in `auto`, `cpu`, `2xcpu`, `endpoint`, `cuda` (one slot for each GPU), `cuda:0` or `cuda:0,cuda:1+2,cpu`.',
  },
  'SB-WORK-006': {
    kind: 'missing',
    says: (d) => `no such GPU here: "${d.item}" (found: ${d.found})`,
    fix: 'Name one of those found, as `nvidia-smi -L` numbers them; CUDA_VISIBLE_DEVICES, where set, hides the others.',
  },
  'SB-WORK-007': {
    kind: 'invalid',
    says: (d) => `the slot "${d.item}" takes ${d.gpu}, which another slot has`,
    fix: 'Give each GPU to one slot only.',
  },
  'SB-WORK-008': {
    kind: 'invalid',
    says: (d) => `the GPU of the slot "${d.item}" is cut with MIG: only its parts compute (${d.parts})`,
    fix: 'Name the parts; MIG is left as it is set up, and where there is none yet an administrator makes them (`nvidia-smi mig -cgi`).',
  },
  'SB-WORK-009': {
    kind: 'invalid',
    says: (d) => `the slot "${d.item}" joins a MIG device with others`,
    fix: 'A process sees one MIG device only: write each as a slot of its own.',
  },
  'SB-WORK-010': {
    kind: 'missing',
    says: (d) => `the GPUs cannot be listed: ${d.message}`,
    fix: "Install NVIDIA's driver with its nvidia-smi (in a container: run it with --gpus all), or leave `cuda` out of --slots.",
  },
  'SB-WORK-020': {
    kind: 'unavailable',
    says: (d) => `the server of ${d.model} ${d.what}`,
    fix: "It is started again by itself, three times in a row; its log is in servers/logs below the worker's data folder.",
  },
  'SB-WORK-021': {
    kind: 'unavailable',
    says: (d) => `the server of ${d.model} did not start: ${d.what}`,
    fix: 'See the command with `sweepboard models launch MODEL --engine LAUNCHER --print`, try it by hand, correct it, restart the worker.',
  },
  'SB-WORK-022': {
    kind: 'invalid',
    says: (d) => `the server of ${d.model} is ${d.server} ${d.version}, which must not be used: ${d.reason}`,
    fix: 'Install another version of the server on this host, then restart the worker.',
  },
  'SB-WORK-023': {
    kind: 'unavailable',
    says: (d) => `the server of ${d.model} does not fit in the memory of slot ${d.slot}: ${d.what}`,
    fix: 'Use a smaller dtype or fewer max tokens, end what else holds the device, or offer a slot with more memory. Where vLLM says that less is free than it desires, lower `memoryShare` in its engine, which is a share of the whole device, or leave it out: then it is told what is free.',
  },
  'SB-WORK-024': {
    kind: 'unavailable',
    says: (d) => `the device of slot ${d.slot} is gone: ${d.what}`,
    fix: 'Look at the host (`nvidia-smi`, `dmesg`), reset or replace the device, then restart the worker.',
  },
  'SB-WORK-025': {
    kind: 'timeout',
    says: (d) => `took longer than ${d.seconds} s, the limit of one job here`,
    fix: 'Raise --job-limit of the worker where work is that slow, else see what holds the engine. A chunk is tried three times; `retry` tries again.',
  },
  'SB-WORK-030': {
    kind: 'invalid',
    says: (d) => `${d.file} has ${d.count} mistake${d.count === 1 ? '' : 's'}`,
    fix: 'Correct the lines named (docs/launchers.md has the form of a launchers file); no server was started.',
  },
  'SB-WORK-031': {
    kind: 'missing',
    says: (d) =>
      `no launcher "${d.launcher}" on this host${d.known ? `; there are ${d.known}` : ''}${d.suggestion ? `: did you mean "${d.suggestion}"?` : ''}`,
    fix: 'Name a known one, or describe it in the launchers file that the worker is given with `--launchers FILE` (docs/launchers.md).',
  },
  'SB-WORK-032': {
    kind: 'invalid',
    says: (d) => `${d.launcher} cannot serve this: ${d.message}`,
    fix: 'Choose another launcher or slot, or change its settings (docs/launchers.md).',
  },

  'SB-FILE-001': {
    kind: 'missing',
    says: (d) => `cannot read ${d.file}: ${d.message}`,
    fix: 'Check the path and its permissions.',
  },
  'SB-FILE-002': {
    kind: 'invalid',
    says: (d) => `${d.file} is not an MTEB result file: ${d.message}`,
    fix: 'It needs task_name, scores and mteb_version, or the layout of mteb before 1.11.',
  },
  'SB-FILE-003': {
    kind: 'invalid',
    says: (d) => `${d.file} is an experiment, not the model's own row`,
    fix: 'Nothing to do: experiments never reach a leaderboard.',
  },
  'SB-FILE-004': {
    kind: 'missing',
    says: (d) => `no published result of ${d.model} on ${d.task}${d.suggestion ? `; there are ${d.suggestion}` : ''}`,
    fix: 'Import its result file (`sweepboard import DIR`), point --published at a folder of them, or name another with --against.',
  },
  'SB-FILE-005': {
    kind: 'invalid',
    says: (d) => `${d.model} on ${d.task} has no score to compare: ${d.message}`,
    fix: 'Correct what failed; finished work is kept.',
  },
  'SB-FILE-006': {
    kind: 'missing',
    says: (d) => `${d.model} on ${d.task}: ${d.message}`,
    fix: 'Only scored cells of tasks with ranked lists have a run: see `sweepboard leaderboard`, and choose one with --revision, --variant, --subset, --split or --sweep.',
  },
  'SB-FILE-007': {
    kind: 'missing',
    says: (d) => `cannot write ${d.file}: ${d.message}`,
    fix: 'Its folder must be there and writable, with room on the disk.',
  },
  'SB-FILE-008': {
    kind: 'invalid',
    says: (d) => `${d.file} is not a calibration file: ${d.message}`,
    fix: 'Write one with `sweepboard calibrate A B -o FILE`.',
  },
  'SB-FILE-009': {
    kind: 'conflict',
    says: (d) => `${d.file} is there already`,
    fix: 'Name another file with -o, or pass --force to write over it.',
  },
  'SB-FILE-010': {
    kind: 'invalid',
    says: (d) =>
      `this run cannot be written as a TREC file: the id "${d.id}" is empty or holds white space (${d.count} such ids)`,
    fix: 'White space parts the fields of a TREC run: give the documents and queries of the task ids without it. Without -o the measures are printed all the same.',
  },
} as const satisfies Record<string, ErrorEntry>
