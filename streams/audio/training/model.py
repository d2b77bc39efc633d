"""The small recogniser's net: a time-delay net with a CTC head over toned syllables, made of matrix products only."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

SUBSAMPLING = 6
DILATIONS = (1, 1, 2, 1, 2, 4, 1, 4, 8, 1)
_DROPOUT = 0.1


class Block(nn.Module):
    """Frames t - d, t, t + d through two layers, added to what was. Exact under padding."""

    def __init__(self, width: int, hidden: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.norm = nn.LayerNorm(width)
        self.spread = nn.Linear(3 * width, hidden)
        self.gather = nn.Linear(hidden, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x: batch x frames x width; mask: batch x frames x 1."""
        frames, d = x.shape[1], self.dilation
        y = functional.pad(self.norm(x) * mask, (0, 0, d, d))
        y = torch.cat([y[:, :frames], y[:, d : d + frames], y[:, 2 * d : 2 * d + frames]], 2)
        return x + self.gather(functional.dropout(functional.relu(self.spread(y)), _DROPOUT, self.training))


class Net(nn.Module):
    """Features to log-probabilities of syllables; the contract of sherpa-onnx's zipformer CTC models."""

    def __init__(self, vocabulary: int, width: int = 224, hidden: int = 448) -> None:
        super().__init__()
        self.stack = nn.Linear(80 * SUBSAMPLING, width)
        self.norm = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(Block(width, hidden, dilation) for dilation in DILATIONS)
        self.last = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, x: Tensor, x_lens: Tensor) -> tuple[Tensor, Tensor]:
        """x: batch x frames x 80; gives batch x frames / 6 x vocabulary, and how many of these frames count."""
        frames = x.shape[1]
        mask = (torch.arange(frames, device=x.device)[None] < x_lens[:, None]).to(x.dtype)[:, :, None]
        mean = (x * mask).sum(1, keepdim=True) / x_lens.to(x.dtype)[:, None, None]  # so that gain and line do not matter
        x = (x - mean) * mask * 0.3
        short = (frames + SUBSAMPLING - 1) // SUBSAMPLING
        x = functional.pad(x, (0, 0, 0, SUBSAMPLING - 1))[:, : short * SUBSAMPLING].reshape(x.shape[0], short, 80 * SUBSAMPLING)
        counted = (x_lens + SUBSAMPLING - 1) // SUBSAMPLING
        mask = (torch.arange(short, device=x.device)[None] < counted[:, None]).to(x.dtype)[:, :, None]
        x = self.norm(self.stack(x))
        for block in self.blocks:
            x = block(x, mask)
        return functional.log_softmax(self.head(self.last(x)), -1), counted
