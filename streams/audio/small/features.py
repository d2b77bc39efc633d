"""The small recogniser's features: 80 log mel energies of 25 ms every 10 ms, as Kaldi and sherpa-onnx compute them."""

from __future__ import annotations

import kaldi_native_fbank as knf
import numpy as np
from numpy.typing import NDArray

from streams.audio.decode import RATE

BINS = 80


def _options() -> knf.FbankOptions:
    options = knf.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.snip_edges = False
    options.frame_opts.samp_freq = RATE
    options.mel_opts.num_bins = BINS
    options.mel_opts.low_freq = 20
    options.mel_opts.high_freq = -400
    return options


_OPTIONS = _options()


def fbank(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Frames x 80 of samples from -1 to 1 at 16 kHz."""
    computer = knf.OnlineFbank(_OPTIONS)
    computer.accept_waveform(RATE, samples)
    computer.input_finished()
    return np.stack([computer.get_frame(i) for i in range(computer.num_frames_ready)])
