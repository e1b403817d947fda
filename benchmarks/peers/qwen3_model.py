"""A model of Qwen3-Embedding's architecture with random weights, three times: safetensors and onnx/model.onnx in one folder, GGUF in another.

    python qwen3_model.py TOKENIZER_FOLDER OUT

TOKENIZER_FOLDER: ../shared/models/tiny-qwen3-embedding (its weights are not used: vLLM's CPU attention knows no heads of 16 dimensions).
OUT/hf is for vLLM and for our onnx engine, OUT/gguf for llama.cpp. Needs torch, transformers, onnx, onnxscript, safetensors and gguf.
"""

import json
import os
import shutil
import sys

import gguf
import torch
from safetensors.torch import load_file
from torch.export import Dim
from transformers import Qwen3Config, Qwen3Model

HIDDEN, LAYERS, HEADS, KV_HEADS, HEAD, FEED_FORWARD = 256, 3, 4, 2, 64, 512
CLOSING = "<|endoftext|>"
TOKENIZER_FILES = ["config_sentence_transformers.json", "modules.json", "sentence_bert_config.json", "special_tokens_map.json"]
TOKENIZER_FILES += ["tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt"]


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)


def make_model(source, folder):
    torch.manual_seed(7)
    given = read(f"{source}/config.json")
    config = Qwen3Config(
        vocab_size=given["vocab_size"], hidden_size=HIDDEN, intermediate_size=FEED_FORWARD, num_hidden_layers=LAYERS,
        num_attention_heads=HEADS, num_key_value_heads=KV_HEADS, head_dim=HEAD, max_position_embeddings=1024,
        rope_parameters={"rope_theta": 1e6, "rope_type": "default"}, rms_norm_eps=1e-6, tie_word_embeddings=True,
        bos_token_id=given["bos_token_id"], eos_token_id=given["eos_token_id"],
    )
    model = Qwen3Model(config).float().eval()
    for name, weights in model.named_parameters():
        # Norms spread around 1, so that a forgotten one shows.
        weights.data = 1 + 0.1 * torch.randn_like(weights) if "norm" in name else 0.08 * torch.randn_like(weights)
    model.save_pretrained(folder)
    os.makedirs(f"{folder}/1_Pooling", exist_ok=True)
    write(f"{folder}/1_Pooling/config.json", {**read(f"{source}/1_Pooling/config.json"), "word_embedding_dimension": HIDDEN})
    for name in TOKENIZER_FILES:
        shutil.copyfile(f"{source}/{name}", f"{folder}/{name}")
    return model


class LastHiddenState(torch.nn.Module):
    """The model under a mask of its own making: every position sees itself and the real ones before it."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, position_ids):
        length = input_ids.shape[1]
        seen = torch.ones(length, length, dtype=torch.bool).tril()[None] & (attention_mask[:, None, :] > 0)
        mask = torch.where(seen, 0.0, -1e9)[:, None]
        return self.model(input_ids=input_ids, attention_mask=mask, position_ids=position_ids, use_cache=False).last_hidden_state


def export_onnx(folder):
    model = Qwen3Model.from_pretrained(folder, attn_implementation="eager").float().eval()
    ids = torch.randint(0, 5000, (2, 9))
    places = torch.arange(9)[None].expand(2, 9).contiguous()
    axes = {0: Dim("batch", min=1, max=4096), 1: Dim("sequence", min=2, max=1024)}
    names = ["input_ids", "attention_mask", "position_ids"]
    os.makedirs(f"{folder}/onnx", exist_ok=True)
    torch.onnx.export(
        LastHiddenState(model), (ids, torch.ones_like(ids), places), f"{folder}/onnx/model.onnx", input_names=names,
        output_names=["last_hidden_state"], dynamic_shapes={name: axes for name in names}, dynamo=True, external_data=False,
    )


NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}


def gguf_name(name):
    if name == "embed_tokens.weight":
        return "token_embd.weight"
    if name == "norm.weight":
        return "output_norm.weight"
    _, layer, part = name.split(".", 2)
    return f"blk.{layer}.{NAMES[part.removesuffix('.weight')]}.weight"


def write_gguf(folder, path):
    config, tokenizer = read(f"{folder}/config.json"), read(f"{folder}/tokenizer.json")
    out = gguf.GGUFWriter(path, "qwen3")
    out.add_block_count(LAYERS)
    out.add_context_length(config["max_position_embeddings"])
    out.add_embedding_length(HIDDEN)
    out.add_feed_forward_length(FEED_FORWARD)
    out.add_head_count(HEADS)
    out.add_head_count_kv(KV_HEADS)
    out.add_key_length(HEAD)
    out.add_value_length(HEAD)
    out.add_rope_freq_base(1e6)
    out.add_layer_norm_rms_eps(config["rms_norm_eps"])
    out.add_pooling_type(gguf.PoolingType.LAST)
    count = config["vocab_size"]
    tokens, kinds = [f"[PAD{i}]" for i in range(count)], [gguf.TokenType.UNUSED] * count
    for token, i in tokenizer["model"]["vocab"].items():
        tokens[i], kinds[i] = token, gguf.TokenType.NORMAL
    for added in tokenizer["added_tokens"]:
        kind = gguf.TokenType.CONTROL if added["special"] else gguf.TokenType.USER_DEFINED
        tokens[added["id"]], kinds[added["id"]] = added["content"], kind
    closing = tokens.index(CLOSING)
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("qwen2")
    out.add_token_list(tokens)
    out.add_token_types(kinds)
    out.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]])
    out.add_eos_token_id(closing)
    out.add_pad_token_id(closing)
    out.add_add_bos_token(False)
    out.add_add_eos_token(True)
    for name, weights in load_file(f"{folder}/model.safetensors").items():
        out.add_tensor(gguf_name(name), weights.float().numpy())
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


if __name__ == "__main__":
    source, target = sys.argv[1:3]
    hf, llama = f"{target}/hf", f"{target}/gguf"
    make_model(source, hf)
    export_onnx(hf)
    os.makedirs(f"{llama}/1_Pooling", exist_ok=True)
    for name in [*TOKENIZER_FILES, "config.json", "1_Pooling/config.json"]:
        shutil.copyfile(f"{hf}/{name}", f"{llama}/{name}")
    write_gguf(hf, f"{llama}/model-F32.gguf")
