"""An OpenAI-style embeddings server over ShapedModel: requests that wait together are batched together.

python server.py --port 8000 --shape 0.6b --device cuda --stats stats.json
"""

import argparse
import base64
import json
import queue
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from qwen3_shape import MAX_TOKENS, SHAPES, ShapedModel, batches, bytes_of

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--shape", choices=SHAPES, required=True)
parser.add_argument("--device", default="cuda")
parser.add_argument("--budget", type=int, default=16384, help="padded tokens of a batch")
parser.add_argument("--stats", required=True, help="file that holds what was computed so far")
args = parser.parse_args()

NAME = f"qwen3-shape-{args.shape}"
waiting: "queue.Queue[Job]" = queue.Queue()
ready = threading.Event()


class Job:
    """One request's texts; `done` is set once every vector is there."""

    def __init__(self, rows: list[bytes]):
        self.rows = rows
        self.vectors: list[list[float]] = [[] for _ in rows]
        self.done = threading.Event()


def compute() -> None:
    model = ShapedModel(args.shape, args.device)
    model.encode([b"warm up"])
    model.tokens = model.padded_tokens = 0
    model.busy_seconds = 0.0
    first = None
    ready.set()
    while True:
        jobs = [waiting.get()]
        while not waiting.empty():
            jobs.append(waiting.get())
        first = first or time.perf_counter()
        owners = [(job, i) for job in jobs for i in range(len(job.rows))]
        rows = [job.rows[i] for job, i in owners]
        for batch in batches(rows, args.budget):
            for place, vector in zip(batch, model.encode([rows[i] for i in batch])):
                job, i = owners[place]
                job.vectors[i] = vector
        for job in jobs:
            job.done.set()
        with open(args.stats, "w") as file:
            told = {"tokens": model.tokens, "paddedTokens": model.padded_tokens, "busySeconds": model.busy_seconds}
            json.dump({**told, "spanSeconds": time.perf_counter() - first}, file)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status: int, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        if self.path == "/health":
            return self.answer(200 if ready.is_set() else 503, {"ready": ready.is_set()})
        if self.path == "/version":
            return self.answer(200, {"version": "1"})
        if self.path == "/v1/models":
            return self.answer(200, {"object": "list", "data": [{"id": NAME, "max_model_len": MAX_TOKENS}]})
        self.answer(404, {"error": {"message": "no such route"}})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path != "/v1/embeddings":
            return self.answer(404, {"error": {"message": "no such route"}})
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        if not all(isinstance(text, str) for text in texts):
            return self.answer(400, {"error": {"message": "texts only: a token is a byte here"}})
        job = Job([bytes_of(text) for text in texts])
        waiting.put(job)
        job.done.wait()
        packed = body.get("encoding_format") == "base64"
        data = [
            {
                "object": "embedding",
                "index": i,
                "embedding": base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode() if packed else vector,
            }
            for i, vector in enumerate(job.vectors)
        ]
        count = sum(len(row) for row in job.rows)
        self.answer(200, {"object": "list", "model": NAME, "data": data, "usage": {"prompt_tokens": count, "total_tokens": count}})


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


threading.Thread(target=compute, daemon=True).start()
Server(("127.0.0.1", args.port), Handler).serve_forever()
