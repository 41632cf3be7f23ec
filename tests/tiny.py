"""Tiny random models of every supported architecture, made offline in milliseconds."""

from functools import cache

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoConfig, AutoModelForCausalLM, PretrainedConfig, PreTrainedTokenizerFast

from workbench.models.loaded import LoadedModel, as_loaded

HIDDEN, INNER, LAYERS, WINDOW = 32, 48, 3, 256

_LLAMA_LIKE: dict[str, object] = {
    "hidden_size": HIDDEN,
    "intermediate_size": INNER,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": WINDOW,
}
_GEMMA_LIKE: dict[str, object] = _LLAMA_LIKE | {"head_dim": 8, "sliding_window": 32}
_GPT2_LIKE: dict[str, object] = {"n_embd": HIDDEN, "n_layer": LAYERS, "n_head": 4, "n_positions": WINDOW}

# architecture → (model_type, settings of its config)
ARCHITECTURES: dict[str, tuple[str, dict[str, object]]] = {
    "llama": ("llama", _LLAMA_LIKE | {"tie_word_embeddings": True}),
    "mistral": ("mistral", _LLAMA_LIKE),
    "qwen2": ("qwen2", _LLAMA_LIKE | {"tie_word_embeddings": True}),
    "qwen3": ("qwen3", _LLAMA_LIKE | {"head_dim": 8}),
    "gemma2": ("gemma2", _GEMMA_LIKE),
    "gemma3": ("gemma3_text", _GEMMA_LIKE),
    "phi3": ("phi3", _LLAMA_LIKE),  # fused qkv_proj and gate_up_proj
    "gpt2": ("gpt2", _GPT2_LIKE | {"n_inner": INNER}),  # Conv1D
    "gptj": ("gptj", _GPT2_LIKE | {"n_inner": INNER, "rotary_dim": 4}),
    "gpt_neox": (
        "gpt_neox",
        {k: v for k, v in _LLAMA_LIKE.items() if k != "num_key_value_heads"},
    ),
    "opt": (
        "opt",
        {
            "hidden_size": HIDDEN,
            "word_embed_proj_dim": HIDDEN,
            "ffn_dim": INNER,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": 4,
            "max_position_embeddings": WINDOW,
        },
    ),
}


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level, without merges: one token per byte of UTF-8. BOS 256, EOS 257, pad 258."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: i for i, letter in enumerate(letters)}
    for special in ("<bos>", "<eos>", "<pad>"):
        vocabulary[special] = len(vocabulary)
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        model_max_length=WINDOW,
        clean_up_tokenization_spaces=False,
    )


@cache
def tiny_config(architecture: str) -> PretrainedConfig:
    model_type, settings = ARCHITECTURES[architecture]
    special = {"bos_token_id": 256, "eos_token_id": 257, "pad_token_id": 258}
    return AutoConfig.for_model(model_type, vocab_size=259, **special, **settings)


def tiny_model(architecture: str = "llama", seed: int = 0, dtype: torch.dtype = torch.float32) -> LoadedModel:
    """A fresh random model on the CPU with LAYERS blocks; the same seed gives the same weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(tiny_config(architecture), dtype=dtype)
    return as_loaded(model, tiny_tokenizer(), f"tiny-{architecture}", f"{seed:064x}")
