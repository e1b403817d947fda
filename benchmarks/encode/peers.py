"""The peers of speed.ts: one process each, told over stdin when to encode so that rounds alternate between the programs.

python peers.py sentence-transformers|onnxruntime MODEL_FOLDER TEXTS_JSON THREADS OUT_FOLDER
Prints one JSON line when ready and one per round: seconds, cpuSeconds, tokenizeSeconds; onnxruntime also runSeconds, tokens,
paddedTokens.
The vectors of the last round are written to OUT_FOLDER/NAME.f32.
"""

import json
import os
import shutil
import sys
import time

name, folder, texts_path, threads, out = sys.argv[1:]
threads = int(threads)
os.environ["RAYON_NUM_THREADS"] = str(threads)
os.environ["TOKENIZERS_PARALLELISM"] = "true"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["TQDM_DISABLE"] = "1"

import numpy as np

with open(texts_path, encoding="utf-8") as file:
    texts = json.load(file)
MAX_TOKENS = 256
BUDGETS = [1024, 2048, 4096]


def answer(message):
    print(json.dumps(message), flush=True)


def with_torch_weights(source, target):
    """A copy of the model folder with model.safetensors made of the weights of onnx/model.onnx."""
    import onnx
    from onnx import numpy_helper
    from safetensors.numpy import save_file

    shutil.copytree(source, target, ignore=shutil.ignore_patterns("onnx"))
    graph = onnx.load(os.path.join(source, "onnx/model.onnx")).graph
    stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    weights = {key[2:]: value for key, value in stored.items() if key.startswith("m.")}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in stored:
            path = node.name.removeprefix("/m/").removesuffix("/MatMul").replace("/", ".")
            weights[path + ".weight"] = stored[node.input[1]].T
    save_file({key: np.ascontiguousarray(value) for key, value in weights.items()}, target + "/model.safetensors")
    return target


def sentence_transformers():
    import sentence_transformers
    import torch

    torch.set_num_threads(threads)
    model = sentence_transformers.SentenceTransformer(with_torch_weights(folder, os.path.join(out, "torch")), device="cpu")
    assert model.get_max_seq_length() == MAX_TOKENS

    def encode():
        began, cpu = time.perf_counter(), time.process_time()
        vectors = model.encode(texts, batch_size=32, show_progress_bar=False)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
        began = time.perf_counter()
        for start in range(0, len(texts), 32):
            model.preprocess(texts[start : start + 32])
        tokenize_seconds = time.perf_counter() - began
        return vectors, {"seconds": seconds, "cpuSeconds": cpu_seconds, "tokenizeSeconds": tokenize_seconds}

    return encode, f"{sentence_transformers.__version__}, torch {torch.__version__}"


def onnxruntime():
    """Length-sorted over the whole corpus, batches of the padded token budget that is fastest here."""
    import onnxruntime as ort
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(os.path.join(folder, "onnx/model.onnx"), options, providers=["CPUExecutionProvider"])

    def encode_texts(some, budget):
        tally = {"runSeconds": 0.0, "tokens": 0, "paddedTokens": 0}
        began, cpu = time.perf_counter(), time.process_time()
        ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(some)]
        tally["tokenizeSeconds"] = time.perf_counter() - began
        order = sorted(range(len(ids)), key=lambda i: -len(ids[i]))
        vectors = np.empty((len(ids), 384), np.float32)
        at = 0
        while at < len(order):
            longest = len(ids[order[at]])
            rows = order[at : at + max(1, budget // longest)]
            at += len(rows)
            tokens = np.zeros((len(rows), longest), np.int64)
            mask = np.zeros((len(rows), longest), np.int64)
            for i, row in enumerate(rows):
                tokens[i, : len(ids[row])] = ids[row]
                mask[i, : len(ids[row])] = 1
            run = time.perf_counter()
            feeds = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
            hidden = session.run(["last_hidden_state"], feeds)[0]
            tally["runSeconds"] += time.perf_counter() - run
            weights = mask[:, :, None].astype(np.float32)
            pooled = (hidden * weights).sum(1) / weights.sum(1)
            vectors[rows] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
            tally["tokens"] += int(mask.sum())
            tally["paddedTokens"] += mask.size
        tally["seconds"] = time.perf_counter() - began
        tally["cpuSeconds"] = time.process_time() - cpu
        return vectors, tally

    sample = texts[:: max(1, len(texts) // 32)]
    encode_texts(sample, 2048)
    times = {budget: [] for budget in BUDGETS}
    for _ in range(2):
        for budget in BUDGETS:
            times[budget].append(encode_texts(sample, budget)[1]["seconds"])
    best = min(BUDGETS, key=lambda budget: min(times[budget]))
    return lambda: encode_texts(texts, best), f"{ort.__version__}, budget {best}"


encode, version = sentence_transformers() if name == "sentence-transformers" else onnxruntime()
answer({"version": version})
for _ in sys.stdin:
    vectors, told = encode()
    np.asarray(vectors, np.float32).tofile(os.path.join(out, name + ".f32"))
    answer(told)
