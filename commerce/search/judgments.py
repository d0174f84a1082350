"""Measures of a ranking against human judgments."""

import csv
import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from foundation.errors import Refused

Judged = Mapping[str, Mapping[str, float]]
"""Query -> document -> rating; 0 says that the document is no answer."""

COLUMNS = ("query", "docid", "rating")


def read_judgments(path: Path) -> dict[str, dict[str, float]]:
    """Read a table of query, docid and rating. Raises Refused search.judgments (line, reason)."""
    judged: dict[str, dict[str, float]] = defaultdict(dict)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if not set(COLUMNS) <= set(rows.fieldnames or ()):
                raise Refused("search.judgments", line=1, reason=f"the columns are {', '.join(COLUMNS)}")
            for row in rows:
                rating = float(row["rating"])
                if not row["query"] or not row["docid"] or not math.isfinite(rating) or rating < 0:
                    raise ValueError("an empty cell or a negative rating")
                judged[row["query"]][row["docid"]] = rating
    except FileNotFoundError as error:
        raise Refused("search.judgments", line=0, reason=f"there is no file {path}") from error
    except (ValueError, TypeError, csv.Error) as error:
        raise Refused("search.judgments", line=rows.line_num, reason=str(error)) from error
    if not judged:
        raise Refused("search.judgments", line=1, reason="there is no judgment in it")
    return dict(judged)


def ndcg(found: Sequence[str], judged: Mapping[str, float], *, depth: int = 10) -> float | None:
    """Normalised discounted cumulative gain of the first `depth` documents, 0 to 1; None where nothing is relevant.

    The gain of a document is its rating (0 without a judgment), divided by log2(place + 1), places counted from 1; the
    sum is divided by that of the ideal order of all judged documents. Järvelin and Kekäläinen, "Cumulated gain-based
    evaluation of IR techniques", 2002, with the discount of Burges et al., 2005.
    """
    ideal = _gain(sorted(judged.values(), reverse=True)[:depth])
    return _gain([judged.get(document, 0.0) for document in found[:depth]]) / ideal if ideal else None


def _gain(ratings: Sequence[float]) -> float:
    return sum(rating / math.log2(place + 1) for place, rating in enumerate(ratings, start=1))


def first_relevant(found: Sequence[str], judged: Mapping[str, float]) -> int | None:
    """The place, from 1, of the first document with a rating above 0."""
    return next((place for place, document in enumerate(found, start=1) if judged.get(document, 0) > 0), None)


def with_a_typo(query: str) -> str:
    """The query with one slip in its longest word of at least three letters; the same query always gets the same one.

    Two neighbouring letters change places, one is lost, typed twice, or another one; the first letter stays.
    """
    chance = random.Random(query)  # not for secrets
    words = query.split(" ")
    long = [place for place, word in enumerate(words) if len(word) >= 3 and word.isalpha()]
    if not long:
        return query
    place = max(long, key=lambda at: len(words[at]))
    word = words[place]
    at = chance.randrange(1, len(word) - 1)
    slips = [
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + chance.choice("abcdefghijklmnopqrstuvwxyz") + word[at + 1 :],
    ]
    return " ".join([*words[:place], chance.choice([slip for slip in slips if slip != word]), *words[place + 1 :]])


def percentile(milliseconds: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(milliseconds)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
