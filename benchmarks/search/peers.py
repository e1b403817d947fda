"""Exact search in numpy and faiss over the rows that speed.ts wrote. Prints one JSON line per peer: seconds of each repeat, versions."""
import json, sys, time
import numpy as np

folder, dim, depth, repeats, threads = sys.argv[1], *map(int, sys.argv[2:6])
queries = np.fromfile(f"{folder}/queries.f32", "<f4").reshape(-1, dim)
documents = np.fromfile(f"{folder}/documents.f32", "<f4").reshape(-1, dim)


def unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)


def by_numpy():
    q, best, rows = unit(queries), None, None
    for start in range(0, len(documents), 50_000):  # mteb's corpus chunk
        scores = q @ unit(documents[start : start + 50_000]).T
        k = min(depth, scores.shape[1])
        part = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        top = np.take_along_axis(scores, part, 1)
        best = top if best is None else np.hstack([best, top])
        rows = part + start if rows is None else np.hstack([rows, part + start])
        keep = np.argsort(-best, axis=1, kind="stable")[:, :depth]
        best, rows = np.take_along_axis(best, keep, 1), np.take_along_axis(rows, keep, 1)
    return rows


def by_faiss():
    import faiss

    faiss.omp_set_num_threads(threads)
    index = faiss.IndexFlatIP(dim)
    index.add(unit(documents))
    return index.search(unit(queries), depth)[1]


peers = {"numpy": (by_numpy, np.__version__)}
try:
    import faiss

    peers["faiss"] = (by_faiss, faiss.__version__)
except ImportError:
    pass
for name, (run, version) in peers.items():
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        rows = run()
        seconds.append(time.perf_counter() - began)
    rows.astype("<i4").tofile(f"{folder}/{name}.i32")
    print(json.dumps({"name": name, "version": version, "seconds": seconds}), flush=True)
