"""The `xiaoer` command: the only place that knows both doors. Heavy modules load inside the command that needs them."""
