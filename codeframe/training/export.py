"""Trained nets as files that need no torch."""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from codeframe.learned.decider import Decider
from codeframe.learned.deep import LONGEST
from codeframe.learned.fast import quantise
from codeframe.learned.fusion import Fusion
from codeframe.learned.heads import Kind
from codeframe.learned.rules import Scale
from codeframe.learned.wide import PREFIX, Wide
from codeframe.training.data import ASPECT_GROUPS, CATEGORIES, EDMUNDS_SUBJECTS, MAINTENANCE
from codeframe.training.encoder import Net
from codeframe.training.evaluate import Evaluation
from codeframe.training.labels import Taxonomy
from codeframe.training.student import Student

_BLOCK, _INT8 = 128, 4
_FIVE_BITS = 15
"""Of sums of a hundred rows each rounding to five bits loses nothing that held-out texts show, and packs into two thirds."""

OUTPUTS = ("aspects", "codes", "heads", "category", "feeling", "meaning")


def kinds_of(taxonomy: Taxonomy) -> tuple[Kind, ...]:
    """How texts of each kind are labelled, in the order of codeframe.learned.heads."""
    subjects = tuple(group.removeprefix("bdci2018/") for group in ASPECT_GROUPS[:-1])
    columns = tuple(range(len(subjects)))
    a, c = len(ASPECT_GROUPS), len(taxonomy.codes)
    reviews = ("bdci2018", "aspects", subjects, columns)
    english = (*EDMUNDS_SUBJECTS, MAINTENANCE)
    their = (*(subjects.index(subject) for subject in EDMUNDS_SUBJECTS.values()), len(subjects))
    return (
        Kind(reviews[0], True, *reviews[1:]),
        Kind("complaints", True, "codes", taxonomy.codes, tuple(a + k for k in range(len(taxonomy.codes)))),
        Kind("complaints2024", False, "category", CATEGORIES, tuple(a + c + k for k in range(len(CATEGORIES)))),
        Kind(reviews[0], False, *reviews[1:]),
        Kind("edmunds", True, "aspects", english, their),
    )


def decider_of(
    version: str,
    taxonomy: Taxonomy,
    found: Evaluation,
    scales: tuple[Scale, Scale, Scale],
    fusion: Fusion,
    share: float = 1.0,
    reviews: float = 0.0,
) -> Decider:
    """What runs the model, from what held-out texts chose."""
    head_of = tuple(int(head) for head in taxonomy.head_of)
    return Decider(version, kinds_of(taxonomy), head_of, found.zh, found.en, found.codes, *scales, fusion, share, reviews)


def save_fast(student: Student, wide: Wide, decider: Decider, folder: Path) -> None:
    """`weights.npz` (tables in int8, the rest in half precision) and `model.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    parameters = {name: value.detach().numpy() for name, value in student.state_dict().items()}
    table, scale = quantise(parameters.pop("table.weight"), _FIVE_BITS)
    small = {name: np.asarray(value, np.float16) for name, value in parameters.items()}
    linear = {PREFIX + name: array for name, array in wide.weights.items()}
    np.savez_compressed(folder / "weights.npz", table=table, table_scale=scale, **small, **linear)  # type: ignore[arg-type]
    decider.save(folder / "model.json")


class _Whole(nn.Module):
    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, ids: Tensor, mask: Tensor, span: Tensor) -> tuple[Tensor, ...]:
        out = self.net(self.net.encoder.embed(ids), mask, span)
        return (
            out.aspects.softmax(-1),
            out.codes.sigmoid(),
            out.heads.sigmoid(),
            out.category.softmax(-1),
            out.feeling.softmax(-1),
            out.meaning,
        )


def _halve(graph: Any, name: str) -> None:
    """Store a large initialiser that no quantiser takes in half precision; it is widened again when the graph is loaded."""
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415

    weights = next(one for one in graph.initializer if one.name == name)
    half = numpy_helper.from_array(numpy_helper.to_array(weights).astype(np.float16), f"{name}_half")
    graph.initializer.remove(weights)
    graph.initializer.append(half)
    graph.node.insert(0, helper.make_node("Cast", [half.name], [name], to=TensorProto.FLOAT))


def save_deep(net: Net, tokenizer: Tokenizer, decider: Decider, folder: Path) -> None:
    """`encoder.onnx.xz` with int8 weights (packed it is a quarter smaller), `tokenizer.json` and `model.json`.

    Matrices have a scale for each block of 128 weights, and so have their inputs at run time: one scale a tensor cost a point of triple F1.
    """
    import onnx  # noqa: PLC0415
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    net = deepcopy(net)
    net.encoder.positions = nn.Embedding.from_pretrained(net.encoder.positions.weight[:LONGEST])
    ids = torch.randint(4, 100, (3, 17))
    sizes = {0: torch.export.Dim("texts", min=1, max=4096), 1: torch.export.Dim("tokens", min=2, max=LONGEST)}
    program = torch.onnx.export(
        _Whole(net).eval(),
        (ids, torch.ones(3, 17), torch.zeros(3, 17)),
        dynamo=True,
        dynamic_shapes=(sizes, sizes, sizes),
        input_names=["ids", "mask", "span"],
        output_names=list(OUTPUTS),
        opset_version=18,
    )
    assert program is not None  # noqa: S101
    with TemporaryDirectory() as name:
        plain, small = Path(name) / "plain.onnx", Path(name) / "small.onnx"
        program.save(plain)
        graph = onnx.load(plain)
        graph.graph.ClearField("value_info")  # stale after the exporter's rewriting, and refused by the quantiser
        matrices = MatMulNBitsQuantizer(graph, bits=8, block_size=_BLOCK, is_symmetric=True, accuracy_level=_INT8)
        matrices.process()
        _halve(matrices.model.model.graph, "net.code_weight")
        matrices.model.save_model_to_file(str(plain), use_external_data_format=False)
        kinds: Sequence[str] = ("MatMul", "Gather", "Gemm")
        quantize_dynamic(plain, small, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=list(kinds))
        (folder / "encoder.onnx.xz").write_bytes(lzma.compress(small.read_bytes(), preset=9))
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    decider.save(folder / "model.json")
