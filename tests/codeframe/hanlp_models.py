"""Small HanLP models that tests train: a pipeline that parses sentences of one pattern, from an encoder of random weights."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import product
from pathlib import Path

NAMES, SUBJECTS, WORDS = (
    ("小王", "老李", "张经理"),
    ("油耗", "动力", "空间", "内饰", "刹车"),
    ("高", "不错", "太小", "漂亮", "偏软", "满意"),
)
Row = tuple[str, int, str, str]


def _rows(name: str, subject: str, word: str) -> list[Row]:
    """Of each word of 小王觉得油耗真的不错: itself, its head counted from 1, the relation, and its entity."""
    return [
        (name, 2, "nsubj", "S-PER"),
        ("觉得", 0, "root", "O"),
        (subject, 5, "nsubj", "O"),
        ("真的", 5, "advmod", "O"),
        (word, 2, "ccomp", "O"),
    ]


def _tokens(rows: list[Row]) -> str:
    return " ".join(row[0] for row in rows)


def _entities(rows: list[Row]) -> str:
    return "".join(f"{word}\t{entity}\n" for word, _, _, entity in rows)


def _tree(rows: list[Row]) -> str:
    return "".join(f"{at}\t{word}\t_\tN\tN\t_\t{head}\t{relation}\t_\t_\n" for at, (word, head, relation, _) in enumerate(rows, 1))


def train_pipeline(folder: Path) -> Path:
    """Train a multi-task model of tokens, entities and dependencies. Seconds."""
    import torch  # noqa: PLC0415 - of the extra `hanlp`, as what follows
    from hanlp.common.dataset import SortingSamplerBuilder  # noqa: PLC0415
    from hanlp.components.mtl.multi_task_learning import MultiTaskLearning  # noqa: PLC0415
    from hanlp.components.mtl.tasks.dep import BiaffineDependencyParsing  # noqa: PLC0415
    from hanlp.components.mtl.tasks.ner.tag_ner import TaggingNamedEntityRecognition  # noqa: PLC0415
    from hanlp.components.mtl.tasks.tok.tag_tok import TaggingTokenization  # noqa: PLC0415
    from hanlp.layers.embeddings.contextual_word_embedding import ContextualWordEmbedding  # noqa: PLC0415
    from transformers import optimization  # noqa: PLC0415

    torch.set_num_threads(1)
    # HanLP 2.1.5 trains with an optimiser that transformers has dropped in favour of torch's.
    optimization.AdamW = torch.optim.AdamW

    said = list(product(NAMES, SUBJECTS, WORDS))
    random.Random(1).shuffle(said)
    sentences = [_rows(*one) for one in said]

    def files(kind: str, line: Callable[[list[Row]], str]) -> tuple[str, str]:
        for name, part in (("train", sentences[:70]), ("held", sentences[70:])):
            (folder / f"{name}.{kind}").write_text("\n".join(map(line, part)) + "\n", "utf-8")
        return str(folder / f"train.{kind}"), str(folder / f"held.{kind}")

    batches = SortingSamplerBuilder(batch_size=16)
    tasks = {
        "tok": TaggingTokenization(
            *files("tok", _tokens), None, batches, delimiter=" ", max_seq_len=128, hard_constraint=True, char_level=True
        ),
        "ner": TaggingNamedEntityRecognition(*files("tsv", _entities), None, batches, tagging_scheme="BIOES", dependencies="tok"),
        "dep": BiaffineDependencyParsing(*files("conllx", _tree), None, batches, dependencies="tok", n_mlp_arc=32, n_mlp_rel=16),
    }
    encoder = ContextualWordEmbedding("token", str(_random_encoder(folder)), average_subwords=True, max_sequence_length=128)
    out = folder / "pipeline"
    MultiTaskLearning().fit(encoder, tasks, str(out), 20, lr=3e-3, encoder_lr=1e-3, devices=-1, eval_trn=False, seed=1)
    return out


def _random_encoder(folder: Path) -> Path:
    from transformers import BertConfig, BertModel, BertTokenizerFast  # noqa: PLC0415

    out = folder / "encoder"
    out.mkdir()
    characters = sorted({one for words in (NAMES, SUBJECTS, WORDS, ("觉得真的，",)) for word in words for one in word})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters]
    (out / "vocab.txt").write_text("\n".join(vocabulary) + "\n", "utf-8")
    config = BertConfig(vocab_size=len(vocabulary), hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128)
    BertModel(config).save_pretrained(out)
    BertTokenizerFast(vocab_file=str(out / "vocab.txt")).save_pretrained(out)
    return out
