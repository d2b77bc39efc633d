"""The multilingual encoder and the heads on it, in torch.

Devlin et al., "BERT" (2019), with the weights of multilingual-e5-small: post-norm layers, GELU, learned positions. Each aspect and
each head of the complaint taxonomy attends to the tokens with a query of its own, so that each reads its own part of a text.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from codeframe.training.e5 import E5, INNER, WIDTH

HEADS = 12
POSITIONS = 512
POLARITIES = 3
MEANING = 128


class Layer(nn.Module):
    """A post-norm transformer layer; padded keys are masked."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.norm, self.norm_out = nn.LayerNorm(WIDTH, 1e-12), nn.LayerNorm(WIDTH, 1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        n, length, _ = x.shape
        q, k, v = self.qkv(x).view(n, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        # Plain products: for short texts on a CPU the backward pass of scaled_dot_product_attention takes twice as long.
        mixed = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + bias).softmax(-1).to(v.dtype) @ v
        x = self.norm(x + self.dropout(self.out(mixed.transpose(1, 2).reshape(n, length, WIDTH))))
        return self.norm_out(x + self.dropout(self.down(F.gelu(self.up(x)))))


class Encoder(nn.Module):
    """Embeddings and layers; `forward` gives (n, length, 384)."""

    def __init__(self, vocabulary: int, layers: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.words, self.positions = nn.Embedding(vocabulary, WIDTH), nn.Embedding(POSITIONS, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, 1e-12)
        self.layers = nn.ModuleList(Layer(dropout) for _ in range(layers))

    def embed(self, ids: Tensor) -> Tensor:
        out: Tensor = self.norm(self.words(ids) + self.positions.weight[: ids.shape[1]])
        return out

    def forward(self, x: Tensor, mask: Tensor, first: int = 0, last: int | None = None) -> Tensor:
        """Run layers [first, last) on embedded tokens."""
        bias = (mask[:, None, None, :] - 1.0) * 1e4
        for layer in self.layers[first:last]:
            x = layer(x, bias)
        return x

    @torch.no_grad()
    def load_e5(self, e5: E5, kept: list[int]) -> None:
        """Copy the weights of e5, and the embeddings of the kept pieces; the one token type is added to the positions."""
        put = lambda parameter, name: parameter.copy_(torch.from_numpy(e5.tensor(name, *parameter.shape)))  # noqa: E731
        self.words.weight.copy_(torch.from_numpy(e5.tensor("emb.word", -1, WIDTH)[kept]))
        put(self.positions.weight, "emb.pos")
        self.positions.weight += torch.from_numpy(e5.tensor("emb.type", -1, WIDTH)[:1])
        put(self.norm.weight, "emb.ln.w")
        put(self.norm.bias, "emb.ln.b")
        for i, layer in enumerate(self.layers):
            assert isinstance(layer, Layer)  # noqa: S101
            for part, letter in enumerate("qkv"):
                rows = slice(part * WIDTH, (part + 1) * WIDTH)
                put(layer.qkv.weight[rows], f"l{i}.{letter}.w")
                put(layer.qkv.bias[rows], f"l{i}.{letter}.b")
            for module, name in ((layer.out, "ao"), (layer.up, "fi"), (layer.down, "fo"), (layer.norm, "aln"), (layer.norm_out, "oln")):
                put(module.weight, f"l{i}.{name}.w")
                put(module.bias, f"l{i}.{name}.b")


class Logits(NamedTuple):
    """Aspects (n, 11, 4): absent, negative, neutral, positive; codes (n, c); heads (n, h); category (n, 20); feeling (n, 3); meaning
    (n, 128), of length one."""

    aspects: Tensor
    codes: Tensor
    heads: Tensor
    category: Tensor
    feeling: Tensor
    meaning: Tensor


class Net(nn.Module):
    """Encoder, per-label attention and linear heads.

    The encoder's outputs are anisotropic, so they are normalised (BatchNorm without scale) before the heads.
    """

    head_of: Tensor

    def __init__(self, encoder: Encoder, head_of: list[int], aspects: int, categories: int) -> None:
        super().__init__()
        self.encoder, self.aspects, self.h = encoder, aspects, max(head_of) + 1
        queries = aspects + self.h + 1
        self.register_buffer("head_of", torch.tensor(head_of))
        self.normalise = nn.BatchNorm1d(WIDTH, affine=False, momentum=0.05)
        self.query, self.key = nn.Parameter(torch.randn(queries, WIDTH) * 0.1), nn.Linear(WIDTH, WIDTH)
        self.aspect_weight = nn.Parameter(torch.randn(aspects, 2 * WIDTH, 1 + POLARITIES) * 0.02)
        self.aspect_bias = nn.Parameter(torch.zeros(aspects, 1 + POLARITIES))
        self.code_weight = nn.Parameter(torch.randn(len(head_of), 2 * WIDTH) * 0.02)
        self.code_bias = nn.Parameter(torch.full((len(head_of),), -4.0))
        self.head_weight = nn.Parameter(torch.randn(self.h, 2 * WIDTH) * 0.02)
        self.head_bias = nn.Parameter(torch.full((self.h,), -2.0))
        self.category = nn.Linear(2 * WIDTH, categories)
        self.span_query = nn.Linear(WIDTH, WIDTH)
        self.feeling = nn.Linear(2 * WIDTH, POLARITIES)
        self.meaning = nn.Linear(WIDTH, MEANING)
        self.dropout = nn.Dropout(0.2)

    def read(self, x: Tensor, mask: Tensor, first: int = 0) -> tuple[Tensor, Tensor]:
        """The encoder's normalised outputs, zero where padded, and their mean."""
        hidden = self.encoder(x, mask, first).float()
        if self.training:
            flat = self.normalise(hidden[mask.bool()])
            hidden = torch.zeros_like(hidden).masked_scatter(mask.bool()[..., None], flat)
        else:
            scale = torch.rsqrt(self.normalise.running_var + self.normalise.eps)
            hidden = (hidden - self.normalise.running_mean) * scale * mask[..., None]
        return hidden, hidden.sum(1) / mask.sum(1, keepdim=True)

    def direction(self, mean: Tensor) -> Tensor:
        """What a text means, as a direction: near that of the description of its tag, in whatever language."""
        return F.normalize(self.meaning(mean).float(), dim=-1)

    def forward(self, x: Tensor, mask: Tensor, span: Tensor, first: int = 0) -> Logits:
        """`x` (n, length, 384) enters layer `first`; `mask` marks tokens and `span` those of the aspect term, both (n, length)."""
        hidden, mean = self.read(x, mask, first)
        keys, away = self.key(hidden).float(), (mask - 1.0)[:, None] * 1e4
        attention = (torch.einsum("qh,nth->nqt", self.query, keys) / math.sqrt(WIDTH) + away).softmax(-1)
        seen = torch.cat([attention @ hidden, mean[:, None].expand(-1, self.query.shape[0], -1)], -1)
        seen = self.dropout(seen)
        by_head = seen[:, self.aspects : self.aspects + self.h]
        term = (hidden * span[..., None]).sum(1) / span.sum(1, keepdim=True).clamp(min=1)
        near = (torch.einsum("nh,nth->nt", self.span_query(term).float(), keys)[:, None] / math.sqrt(WIDTH) + away).softmax(-1)
        return Logits(
            torch.einsum("nqd,qdk->nqk", seen[:, : self.aspects], self.aspect_weight) + self.aspect_bias,
            (by_head[:, self.head_of] * self.code_weight).sum(-1) + self.code_bias,
            (by_head * self.head_weight).sum(-1) + self.head_bias,
            self.category(seen[:, -1]),
            self.feeling(self.dropout(torch.cat([term, (near @ hidden)[:, 0]], -1))),
            self.direction(mean),
        )
