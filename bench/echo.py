"""The least a message could cost: a bare FastAPI app that keeps it with one INSERT. Started by `bench/turn.py`."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import uvicorn
from fastapi import FastAPI, Request

from foundation.settings import Settings


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    dsn = os.environ["DATABASE_URL"].replace("postgresql+asyncpg://", "postgresql://")
    async with asyncpg.create_pool(dsn, min_size=5, max_size=10) as pool:
        await pool.execute("CREATE TABLE IF NOT EXISTS echo (id bigint GENERATED ALWAYS AS IDENTITY, body text)")
        app.state.pool = pool
        yield


app = FastAPI(lifespan=_life)


@app.get("/ready")
async def ready() -> dict[str, str]:
    """It answers."""
    return {"status": "ok"}


@app.post("/bare")
async def bare() -> dict[str, Any]:
    """Say always the same."""
    return {"state": "waiting", "place": 1, "waiting": 1, "left": 1, "held": 0, "sold": 0, "seconds": 1, "again": 1}


@app.post("/echo")
async def echo(request: Request) -> dict[str, Any]:
    """Keep the message and say it back."""
    said = await request.json()
    number = await request.app.state.pool.fetchval("INSERT INTO echo (body) VALUES ($1) RETURNING id", said["text"])
    return {"id": number, "text": said["text"]}


if __name__ == "__main__":
    uvicorn.run(app, port=Settings().web_port, http="httptools", loop="uvloop", log_config=None, access_log=False)
