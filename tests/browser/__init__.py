"""Tests in a real browser."""

PATIENCE = 30_000
"""Milliseconds until a page that does not show what it should has failed; a quiet machine needs a tenth of a second."""
