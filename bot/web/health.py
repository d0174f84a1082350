"""Is this process alive, can it work, and what has it counted."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import func, select, text

from bot.metrics import QUEUED, WORK
from conversations.model import Conversation, Message, Status

router = APIRouter(tags=["operation"])


@router.get("/health")
async def health() -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/ready")
async def ready(request: Request) -> Response:
    """Whether each part it needs is there: 200, or 503. Redis only makes it faster: its loss is told, not fatal."""
    shop = request.app.state.shop
    parts = {"database": "ok", "redis": "ok", "model": "ok" if shop.mind.is_ready else "loading"}
    try:
        async with shop.database.begin() as session:
            await session.execute(text("SELECT 1"))
    except Exception:  # whatever it is, the database does not answer
        parts["database"] = "away"
    if not await shop.doorbell.answers():
        parts["redis"] = "away"
    fit = parts["database"] == "ok" and parts["model"] == "ok"
    return JSONResponse({"status": "ok" if fit else "not ready", **parts}, status_code=200 if fit else 503)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Counters of this process and the length of the queues, in Prometheus' text format."""
    async with request.app.state.shop.database.begin() as session:
        waiting = select(func.count()).select_from(Conversation).where(Conversation.work_at.is_not(None))
        queued = select(func.count()).select_from(Message).where(Message.status.in_((Status.QUEUED, Status.SENDING)))
        WORK.set(await session.scalar(waiting) or 0)
        QUEUED.set(await session.scalar(queued) or 0)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
