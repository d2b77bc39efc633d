"""Export the small recogniser to ONNX with 8-bit weights, in the contract of sherpa-onnx's zipformer CTC models.

python -m streams.audio.training.export MODEL.pt FOLDER

Writes acoustic.onnx (inputs `x`, `x_lens`, outputs `log_probs`, `log_probs_len`) and tokens.txt. Needs PyTorch and onnx.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from streams.audio.training.model import SUBSAMPLING, Net


def main() -> None:
    """Export a trained model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    saved = torch.load(options.model)
    tokens: list[str] = saved["tokens"]
    net = Net(len(tokens))
    net.load_state_dict(saved["net"])
    net.eval()
    options.folder.mkdir(parents=True, exist_ok=True)
    (options.folder / "tokens.txt").write_text("".join(f"{token} {number}\n" for number, token in enumerate(tokens)), "utf-8")
    with tempfile.TemporaryDirectory() as folder:
        full = Path(folder) / "full.onnx"
        torch.onnx.export(
            net,
            (torch.randn(2, 203, 80), torch.tensor([203, 150])),
            str(full),
            input_names=["x", "x_lens"],
            output_names=["log_probs", "log_probs_len"],
            opset_version=13,
            dynamic_axes={"x": {0: "N", 1: "T"}, "x_lens": {0: "N"}, "log_probs": {0: "N", 1: "S"}, "log_probs_len": {0: "N"}},
            dynamo=False,
        )
        model = onnx.load(str(full))
        described = {"model_type": "zipformer2_ctc", "version": 1, "vocab_size": len(tokens), "subsampling_factor": SUBSAMPLING}
        for key, value in described.items():
            model.metadata_props.add(key=key, value=str(value))
        onnx.save(model, str(full))
        out = options.folder / "acoustic.onnx"
        quantize_dynamic(str(full), str(out), weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"])
    small = onnx.load(str(out))
    if not small.metadata_props:
        small.metadata_props.extend(model.metadata_props)
        onnx.save(small, str(out))


if __name__ == "__main__":
    main()
