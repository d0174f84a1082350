"""The staff's door: the HTTP interface and the web console, both on the same acts."""
