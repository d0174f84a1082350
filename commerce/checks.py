"""Every invariant of the shop over the whole database: which row breaks which rule."""
