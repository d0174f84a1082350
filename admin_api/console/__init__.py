"""The web console: pages in Python only (NiceGUI), on the same acts as the HTTP interface."""
