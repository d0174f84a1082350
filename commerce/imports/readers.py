"""Every kind of file that can be imported, by the name the command line gives it."""

from pathlib import Path
from typing import Protocol

from commerce.imports.generic import read_csv
from commerce.imports.icecat import read_icecat
from commerce.imports.saleor import read_saleor
from commerce.imports.shelf import Shelf
from commerce.imports.shopify import read_shopify
from commerce.imports.spree import read_spree
from commerce.imports.vendure import read_vendure
from commerce.imports.woocommerce import read_woocommerce


class Reader(Protocol):
    """Reads a file; no database, no network. Prices that name no currency are in `currency`, the shop's.

    Raises Refused when the file as a whole is wrong (see table_file.read_table); wrong rows are in `Shelf.refused`.
    """

    def __call__(self, path: Path, *, currency: str) -> Shelf:
        """Everything the file says."""
        ...


READERS: dict[str, Reader] = {
    "csv": read_csv,
    "icecat": read_icecat,
    "saleor": read_saleor,
    "shopify": read_shopify,
    "spree": read_spree,
    "vendure": read_vendure,
    "woocommerce": read_woocommerce,
}
