"""The picture files beside an imported file: found by name, looked at, and laid ready until the goods are published."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from commerce.catalog.media import MOST_BYTES, Kept, MediaFolder
from commerce.imports.goods import NewPicture, NewProduct, Progress, unique
from commerce.imports.shelf import Draft, RowProblem
from foundation.errors import Refused

_LONGEST_NAME = 200
_MOST_NAMED = 20
_MOST_AT_ONCE = 4
_STAGED = ".import-"
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures by the name the file gives them, and what is wrong with the others."""

    kept: Mapping[str, Kept]
    missing: int
    warnings: tuple[RowProblem, ...]


def keep_pictures(
    drafts: Sequence[Draft], media: MediaFolder, beside: Path, *, known: Mapping[str, Kept], progress: Progress
) -> Pictures:
    """Store every picture the products speak of that lies in `beside` or in its folder `images`.

    Nothing is fetched from a network: of an address, the file name is looked for. What is missing or broken is a
    warning each; of addresses, and of a great many missing files, one warning tells how many there are. `known`
    pictures, by their digest, are in the shop already and not looked at again.
    """
    lines = {photo.name: photo.line for draft in reversed(drafts) for photo in reversed(draft.photos)}
    names = unique(photo.name for draft in drafts for photo in draft.photos)
    kept: dict[str, Kept] = {}
    warnings: list[RowProblem] = []
    missing: list[str] = []
    progress(0, len(names))
    # Decoding is most of an import with pictures; it runs beside the interpreter's lock.
    with ThreadPoolExecutor(min(_MOST_AT_ONCE, os.cpu_count() or 1)) as pool:
        looked_at = pool.map(lambda name: _keep(media, beside, name, known), names)
        for done, (name, found) in enumerate(zip(names, looked_at, strict=True), start=1):
            if isinstance(found, Kept):
                kept[name] = found
            elif found == "media.missing":
                missing.append(name)
            else:
                warnings.append(RowProblem(lines[name], "picture", f"{name[:80]}: {found}"))
            progress(done, len(names))
    addresses = [name for name in missing if _is_address(name)]
    files = [name for name in missing if not _is_address(name)]
    warnings += _missing(addresses, lines, "addresses, which are not fetched", most_named=0)
    warnings += _missing(files, lines, "files that are not there", most_named=_MOST_NAMED)
    return Pictures(kept, len(names) - len(kept), tuple(warnings))


def _missing(names: Sequence[str], lines: Mapping[str, int], what: str, *, most_named: int) -> list[RowProblem]:
    if len(names) <= most_named:
        return [RowProblem(lines[name], "picture", f"{name[:80]}: media.missing") for name in names]
    reason = f"{len(names)} pictures are {what}; lay files of these names in a folder images beside the file"
    return [RowProblem(lines[names[0]], "picture", reason)] if names else []


def with_pictures(draft: Draft, kept: Mapping[str, Kept]) -> NewProduct:
    """The product with its pictures; a file named for several variants is one picture of them all."""
    skus: dict[str, list[str]] = {}
    for photo in draft.photos:
        if photo.name in kept:
            skus.setdefault(photo.name, []).extend(photo.skus)
    pictures = tuple(NewPicture(kept[name], unique(of_variants)) for name, of_variants in skus.items())
    return replace(draft.product, pictures=pictures)


@contextmanager
def staged_media(media: MediaFolder) -> Iterator[MediaFolder]:
    """A media folder that is gone at the end, and with the next import if this process does not live to see the end."""
    media.root.mkdir(parents=True, exist_ok=True)
    for left in media.root.glob(f"{_STAGED}*"):
        with _locked(left) as owner:
            if owner is not None:
                shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_STAGED, dir=media.root))
    try:
        with _locked(folder):
            yield MediaFolder(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            media.root.rmdir()  # only when nothing else is in it


def release(staged: MediaFolder, media: MediaFolder, pictures: Iterable[Kept]) -> None:
    """Move staged pictures to where the shop finds them; each step is whole, so it may be broken off anywhere."""
    for kept in pictures:
        for here, there in (
            (staged.thumbnail(kept.digest), media.thumbnail(kept.digest)),
            (staged.file(kept.digest), media.file(kept.digest)),
        ):
            if here.exists() and not there.exists():
                there.parent.mkdir(parents=True, exist_ok=True)
                here.replace(there)


@contextmanager
def _locked(folder: Path) -> Iterator[BinaryIO | None]:
    """The lock of a staging folder, which its process holds as long as it lives; None if somebody has it."""
    try:
        file = (folder / _LOCK).open("ab")
    except OSError:
        yield None
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield None
        else:
            yield file


def _keep(media: MediaFolder, beside: Path, name: str, known: Mapping[str, Kept]) -> Kept | str:
    """The stored picture, or the code of what is wrong with it."""
    file = Path(unquote(urlsplit(name).path)).name if _is_address(name) else name
    if file in ("", ".", "..") or file != Path(file).name or "\\" in file or len(os.fsencode(file)) > _LONGEST_NAME:
        return "media.outside_folder"
    place = next((place for place in (beside / "images" / file, beside / file) if place.is_file()), None)
    if place is None:
        return "media.missing"
    if place.stat().st_size > MOST_BYTES:
        return "media.too_large"
    content = place.read_bytes()
    try:
        return known.get(sha256(content).hexdigest()) or media.keep(content)
    except Refused as refused:
        return refused.code


def _is_address(name: str) -> bool:
    return name.startswith(("http://", "https://", "//"))
