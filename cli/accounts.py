"""`xiaoer user`: the staff's accounts."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api import staff
from cli.prepare import in_database, require_current
from cli.servers import any_servers, read_settings
from foundation.database import Database

Done = TypeVar("Done")


def add(*, name: str, role: str, display_name: str, language: str) -> str:
    """Add a person; returns the password made for them."""
    password = staff.new_password()
    _in_transaction(
        lambda session: staff.add_staff(
            session,
            name=name,
            display_name=display_name,
            password=password,
            role=role,
            language=language,
            now=datetime.now(UTC),
        )
    )
    return password


def reset_password(name: str) -> str:
    """Give a person a new password; returns it."""
    password = staff.new_password()
    _in_transaction(lambda session: staff.reset_password(session, name=name, password=password, now=datetime.now(UTC)))
    return password


def dismiss(name: str) -> int:
    """Let a person in no more; how many conversations they held, which wait again now."""
    return _in_transaction(lambda session: staff.dismiss(session, name=name, now=datetime.now(UTC)))


def reinstate(name: str) -> None:
    """Let a person in again who was dismissed."""
    _in_transaction(lambda session: staff.reinstate(session, name=name, now=datetime.now(UTC)))


def show() -> None:
    """Print everybody as a table."""
    table = Table("name", "shown as", "role", "language", "works here")
    for person in _in_transaction(staff.list_staff):
        table.add_row(person.name, person.display_name, person.role, person.language, "yes" if person.active else "no")
    Console().print(table)


def _in_transaction(act: Callable[[AsyncSession], Awaitable[Done]]) -> Done:
    async def run(database: Database) -> Done:
        async with database.begin() as session:
            return await act(session)

    with any_servers(read_settings()) as settings:
        require_current(settings)
        return asyncio.run(in_database(settings, run))
