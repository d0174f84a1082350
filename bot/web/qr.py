"""QR codes as pictures inside a page."""

import segno


def qr_picture(text: str) -> str:
    """The code as the address of an SVG picture: dark on white with its quiet zone, so that any camera reads it."""
    return segno.make(text, error="m", micro=False).svg_data_uri(scale=8, border=3, dark="#000", light="#fff")
