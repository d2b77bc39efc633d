"""Makes `data/segmentation.onnx` and `data/embedding.onnx`, just able to tell a dull voice from a bright one by sherpa-onnx's diarisation.

    python -m tests.streams.audio.toy_models        # needs onnx, of the extra `train`

Segmentation, by the contract of pyannote's: [1, 1, samples] to [1, frames, 7] classes: nobody, three voices, three pairs of them. A frame
is a second voice's where the differences of samples are small against the samples. Embedding: [1, frames, 80] to the mean shape of the
spectrum.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx
from onnx import TensorProto
from onnx.helper import make_graph, make_model, make_node, make_opsetid, make_tensor, make_tensor_value_info

DATA = Path(__file__).parent / "data"
_FIELD, _SHIFT, _WINDOW = 8_010, 270, 160_000
_QUIET, _BRIGHT = 0.004, 0.17


def segmentation() -> onnx.ModelProto:
    """Nobody below a level; the first voice where it is bright, else the second."""
    pool = {"kernel_shape": [_FIELD], "strides": [_SHIFT]}
    nodes = [
        make_node("Conv", ["x", "step"], ["difference"]),
        make_node("Abs", ["difference"], ["changes"]),
        make_node("Pad", ["changes", "one_before"], ["as_long"]),
        make_node("AveragePool", ["as_long"], ["high"], **pool),
        make_node("Abs", ["x"], ["size"]),
        make_node("AveragePool", ["size"], ["level"], **pool),
        make_node("Mul", ["level", "bright"], ["middle"]),
        make_node("Sub", ["high", "middle"], ["first"]),
        make_node("Neg", ["first"], ["second"]),
        make_node("Sub", ["level", "quiet"], ["loud"]),
        make_node("Mul", ["loud", "much"], ["speaks"]),
        make_node("Neg", ["speaks"], ["nobody"]),
        make_node("Sub", ["first", "most"], ["never"]),
        make_node("Concat", ["nobody", "first", "second", "never", "never", "never", "never"], ["classes"], axis=1),
        make_node("Transpose", ["classes"], ["y"], perm=[0, 2, 1]),
    ]
    constants = [
        make_tensor("step", TensorProto.FLOAT, [1, 1, 2], [-1.0, 1.0]),
        make_tensor("one_before", TensorProto.INT64, [6], [0, 0, 1, 0, 0, 0]),
        *(
            make_tensor(name, TensorProto.FLOAT, [1], [value])
            for name, value in (("bright", _BRIGHT), ("quiet", _QUIET), ("much", 100.0), ("most", 1e6))
        ),
    ]
    about: dict[str, str | int] = {
        **{"num_speakers": 3, "powerset_max_classes": 2, "num_classes": 7, "sample_rate": 16_000, "window_size": _WINDOW},
        **{"receptive_field_size": _FIELD, "receptive_field_shift": _SHIFT},
    }
    return _model(nodes, constants, ["batch", 1, "samples"], ["batch", "frames", 7], about)


def embedding() -> onnx.ModelProto:
    """The mean log energy of each mel band, less the mean of all."""
    nodes = [
        make_node("ReduceMean", ["x"], ["shape"], axes=[1], keepdims=0),
        make_node("ReduceMean", ["shape"], ["level"], axes=[1], keepdims=1),
        make_node("Sub", ["shape", "level"], ["y"]),
    ]
    about: dict[str, str | int] = {
        **{"framework": "wespeaker", "language": "Chinese", "url": "", "comment": "", "sample_rate": 16_000, "output_dim": 80},
        **{"normalize_samples": 1, "feature_normalize_type": ""},
    }
    return _model(nodes, [], ["batch", "frames", 80], ["batch", 80], about)


def _model(
    nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto], x: list[str | int], y: list[str | int], about: Mapping[str, str | int]
) -> onnx.ModelProto:
    ends = [make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("x", x), ("y", y))]
    graph = make_graph(nodes, "toy", ends[:1], ends[1:], constants)
    model = make_model(graph, opset_imports=[make_opsetid("", 17)], ir_version=8)
    onnx.helper.set_model_props(model, {name: str(value) for name, value in about.items()})
    onnx.checker.check_model(model)
    return model


if __name__ == "__main__":
    onnx.save(segmentation(), DATA / "segmentation.onnx")
    onnx.save(embedding(), DATA / "embedding.onnx")
