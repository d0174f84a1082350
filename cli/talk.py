"""`xiaoer talk`: the shop in this terminal, or written conversations played in a shop of their own."""

import asyncio
import contextlib
import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from bot.app import open_shop
from bot.channels.terminal import Terminal
from bot.worker import work
from cli.prepare import require_current
from cli.scratch import (
    CATALOGUES,
    DEMO,
    EMPTY,
    Place,
    scratch_place,
    stock_catalogue,
    stock_shelves,
)
from cli.scratch_again import ScratchDatabases
from cli.script_file import Script, read_script
from cli.script_run import Played, as_json, play
from cli.sentences import sentence
from cli.servers import any_servers, read_settings
from foundation.errors import Refused
from foundation.settings import Settings
from nlu.understand import Understander

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_COLOURS = {"shopper": "bold", "shop": "cyan", "agent": "magenta", "clock": "dim"}


@app.command()
def talk(
    script: Annotated[
        list[Path] | None, typer.Option(help="A written conversation, or a folder of them: played, not talked.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="With --script: print the result as one JSON object.")] = False,
    language: Annotated[str, typer.Option("--lang", help="The language you begin in: zh or en.")] = "zh",
    name: Annotated[str, typer.Option(help="Who you are: each name is a shopper of its own.")] = "",
) -> None:
    """Talk to the shop in this terminal, or play written conversations (--script FILE or FOLDER)."""
    if language not in ("zh", "en"):
        raise Refused("settings.language", language=language)
    if script:
        played = play_files(script, quiet=json)
        if json:
            print(as_json(played))
        else:
            _show(played)
        raise typer.Exit(0 if all(each.passed for each in played) else 1)
    with any_servers(read_settings()) as settings:
        require_current(settings)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_talk(settings, name or getpass.getuser(), language))


def play_files(paths: list[Path], *, quiet: bool) -> list[Played]:
    """Play every script of these files and folders, each in a fresh shop. Raises Refused before any is played."""
    files = [file for path in paths for file in (sorted(path.glob("**/*.md")) if path.is_dir() else [path])]
    if not files:
        raise Refused("script.none", path=str(paths[0]))
    scripts = [read_script(file) for file in files]
    for script in scripts:
        if script.shop in CATALOGUES and not CATALOGUES[script.shop].is_here and script.path in paths:
            raise Refused("script.no_data", path=str(CATALOGUES[script.shop].file))
    console = Console(stderr=True, quiet=quiet and not Console(stderr=True).is_terminal)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with scratch_place() as place, Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Opening a shop", total=len(scripts))
        return asyncio.run(_play_all(place, scripts, lambda title: progress.update(task, description=title, advance=1)))


async def _play_all(place: Place, scripts: list[Script], tell: Callable[[str], None]) -> list[Played]:
    stocked = {"empty"}
    understander = Understander.load()
    played = []
    async with ScratchDatabases(place) as databases:
        for script in scripts:
            tell(script.title)
            catalogue = CATALOGUES.get(script.shop)
            if catalogue and not catalogue.is_here:
                reason = sentence(Refused("script.no_data", path=str(catalogue.file)))
                played.append(Played(script, skipped=reason))
                continue
            if script.shop not in stocked:
                await (stock_catalogue(place, script.shop) if catalogue else stock_shelves(place))
                stocked.add(script.shop)
            template = catalogue.template if catalogue else {"demo": DEMO, "empty": EMPTY}[script.shop]
            currency = catalogue.currency if catalogue else "CNY"
            async with databases.shop(template=template, load=lambda: understander, currency=currency) as scratch:
                played.append(await play(script, scratch))
    return played


async def _talk(settings: Settings, name: str, language: str) -> None:
    """The shop may be open elsewhere or not: a worker of our own does what is due, beside any others."""
    stop = asyncio.Event()
    async with open_shop(settings) as shop:
        working = asyncio.create_task(work(shop, stop=stop))
        try:
            await Terminal(shop, name=name, language=language).run()
        finally:
            stop.set()
            await working


def _show(played: list[Played]) -> None:
    console = Console()
    if len(played) == 1:
        for line in played[0].transcript:
            mark = {"shopper": ">", "shop": "<", "agent": "@", "clock": "~"}[line.who]
            for n, part in enumerate(line.text.splitlines() or [""]):
                console.print(mark if n == 0 else " ", part, style=_COLOURS[line.who], markup=False, highlight=False)
    table = Table("conversation", "steps", "result")
    for each in played:
        result = "[green]holds[/]" if each.passed else f"[red]{len(each.failures)} do not hold[/]"
        if each.skipped:
            result = "[yellow]skipped[/]"
        table.add_row(f"{each.script.path.name}  [dim]{each.script.title}[/]", str(len(each.script.steps)), result)
    console.print(table)
    for each in played:
        if each.skipped:
            console.print(f"{each.script.path.name}: {each.skipped}", style="yellow", markup=False, soft_wrap=True)
        for failure in each.failures:
            console.print(failure, style="red", markup=False, highlight=False, soft_wrap=True)
