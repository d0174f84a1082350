"""What a process of this door counts, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Histogram(
    "xiaoer_http_seconds",
    "Time to the first byte of an answer, by route and status",
    ("route", "method", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10),
)
HEARD = Counter("xiaoer_messages_heard", "Messages of shoppers that were kept", ("channel",))
STREAMS = Gauge("xiaoer_streams_open", "Open event streams of web chats")
WORK = Gauge("xiaoer_work_waiting", "Conversations that wait for a turn")
QUEUED = Gauge("xiaoer_messages_queued", "Messages that wait to be delivered")
