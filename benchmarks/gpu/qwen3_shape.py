"""A model of Qwen3-Embedding's real shape with random weights: what it costs is real, what it says is not.

Shared by server.py and direct.py, so that both drive the same model with the same batches. A token is a byte of the text.
"""

import time

import torch
from transformers import Qwen3Config, Qwen3Model

# hidden size, layers, attention heads, intermediate size (Qwen/Qwen3-Embedding-*, config.json); 8 key-value heads of 128
SHAPES = {
    "tiny": (64, 2, 4, 128),
    "0.6b": (1024, 28, 16, 3072),
    "4b": (2560, 36, 32, 9728),
    "8b": (4096, 36, 32, 12288),
}
VOCABULARY = 151669
MAX_TOKENS = 8192


class ShapedModel:
    """Vectors `[texts, hidden]` of unit length: the last token's, as Qwen3-Embedding pools."""

    def __init__(self, shape: str, device: str):
        hidden, layers, heads, intermediate = SHAPES[shape]
        tiny = shape == "tiny"
        config = Qwen3Config(
            hidden_size=hidden,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            num_key_value_heads=2 if tiny else 8,
            head_dim=16 if tiny else 128,
            intermediate_size=intermediate,
            vocab_size=512 if tiny else VOCABULARY,
            max_position_embeddings=MAX_TOKENS,
        )
        dtype = torch.float32 if device == "cpu" else torch.bfloat16
        torch.manual_seed(0)
        with torch.device(device):
            torch.set_default_dtype(dtype)
            self.model = Qwen3Model(config).eval()
            torch.set_default_dtype(torch.float32)
        self.device = device
        self.tokens = 0
        self.padded_tokens = 0
        self.busy_seconds = 0.0

    @torch.inference_mode()
    def encode(self, rows: list[bytes]) -> list[list[float]]:
        """One forward pass; rows are padded on the right to the longest."""
        began = time.perf_counter()
        lengths = [len(row) for row in rows]
        longest = max(lengths)
        ids = torch.zeros(len(rows), longest, dtype=torch.long)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.frombuffer(bytearray(row), dtype=torch.uint8).long()
        last = torch.tensor(lengths, device=self.device) - 1
        mask = torch.arange(longest)[None, :] < torch.tensor(lengths)[:, None]
        hidden = self.model(input_ids=ids.to(self.device), attention_mask=mask.long().to(self.device)).last_hidden_state
        vectors = hidden[torch.arange(len(rows), device=self.device), last].float()
        vectors = torch.nn.functional.normalize(vectors, dim=-1).cpu()
        self.tokens += sum(lengths)
        self.padded_tokens += longest * len(rows)
        self.busy_seconds += time.perf_counter() - began
        return vectors.tolist()


def bytes_of(text: str) -> bytes:
    return text.encode()[:MAX_TOKENS] or b" "


def batches(rows: list[bytes], budget: int) -> list[list[int]]:
    """Places of rows, longest first, at most `budget` padded tokens a batch."""
    order = sorted(range(len(rows)), key=lambda i: -len(rows[i]))
    found: list[list[int]] = []
    for i in order:
        if found and len(rows[found[-1][0]]) * (len(found[-1]) + 1) <= budget:
            found[-1].append(i)
        else:
            found.append([i])
    return found
