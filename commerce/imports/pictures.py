"""The picture files beside an imported file: found by name, looked at, and laid ready until the goods are published."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from commerce.catalog.media import MOST_BYTES, Kept, MediaFolder
from commerce.imports.goods import NewPicture, NewProduct, Progress, unique
from commerce.imports.shelf import Draft, RowProblem
from foundation.errors import Refused

_LONGEST_NAME = 200
_STAGED = ".import-"
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures by the name the file gives them, and what is wrong with the others."""

    kept: Mapping[str, Kept]
    missing: int
    warnings: tuple[RowProblem, ...]


def keep_pictures(drafts: Sequence[Draft], media: MediaFolder, beside: Path, progress: Progress) -> Pictures:
    """Store every picture the products speak of that lies in `beside` or in its folder `images`.

    Nothing is fetched from a network: of an address, the file name is looked for. One warning tells of all addresses
    that have no file; every other missing or broken picture has its own.
    """
    lines = {photo.name: photo.line for draft in reversed(drafts) for photo in reversed(draft.photos)}
    names = unique(photo.name for draft in drafts for photo in draft.photos)
    kept: dict[str, Kept] = {}
    warnings: list[RowProblem] = []
    addresses: list[str] = []
    progress(0, len(names))
    for done, name in enumerate(names, start=1):
        try:
            kept[name] = _keep(media, beside, name)
        except Refused as refused:
            if refused.code == "media.missing" and _is_address(name):
                addresses.append(name)
            else:
                warnings.append(RowProblem(lines[name], "picture", f"{name[:80]}: {refused.code}"))
        progress(done, len(names))
    if addresses:
        reason = f"{len(addresses)} pictures are addresses and are not fetched; files of these names in a folder images"
        warnings.append(RowProblem(lines[addresses[0]], "picture", f"{reason} beside the file are taken"))
    return Pictures(kept, len(names) - len(kept), tuple(warnings))


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


def release(staged: MediaFolder, media: MediaFolder, pictures: Iterator[Kept]) -> None:
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


def _keep(media: MediaFolder, beside: Path, name: str) -> Kept:
    file = Path(unquote(urlsplit(name).path)).name if _is_address(name) else name
    if file in ("", ".", "..") or file != Path(file).name or "\\" in file or len(os.fsencode(file)) > _LONGEST_NAME:
        raise Refused("media.outside_folder")
    for place in (beside / "images" / file, beside / file):
        if place.is_file():
            size = place.stat().st_size
            if size > MOST_BYTES:
                raise Refused("media.too_large", bytes=size, most=MOST_BYTES)
            return media.keep(place.read_bytes())
    raise Refused("media.missing")


def _is_address(name: str) -> bool:
    return name.startswith(("http://", "https://", "//"))
