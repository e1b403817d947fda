"""The same model driven directly: every text in one loop, batches planned over all of them. Prints one JSON line.

python direct.py texts.json --shape 0.6b --device cuda
"""

import argparse
import json
import time

from qwen3_shape import SHAPES, ShapedModel, batches, bytes_of

parser = argparse.ArgumentParser()
parser.add_argument("texts")
parser.add_argument("--shape", choices=SHAPES, required=True)
parser.add_argument("--device", default="cuda")
parser.add_argument("--budget", type=int, default=16384)
args = parser.parse_args()

began = time.perf_counter()
model = ShapedModel(args.shape, args.device)
model.encode([b"warm up"])
load_seconds = time.perf_counter() - began
with open(args.texts) as file:
    rows = [bytes_of(text) for text in json.load(file)]
model.tokens = model.padded_tokens = 0
model.busy_seconds = 0.0
began = time.perf_counter()
for batch in batches(rows, args.budget):
    model.encode([rows[i] for i in batch])
seconds = time.perf_counter() - began
print(json.dumps({"loadSeconds": load_seconds, "seconds": seconds, "tokens": model.tokens, "paddedTokens": model.padded_tokens}))
