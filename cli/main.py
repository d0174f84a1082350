"""The `xiaoer` command."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from foundation.errors import Refused

app = typer.Typer(
    name="xiaoer",
    help="店小二 Xiaoer: a shop that lives inside the chat.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
goods = typer.Typer(help="Bring goods in from files of elsewhere.", no_args_is_help=True)
staff = typer.Typer(help="The staff's accounts.", no_args_is_help=True)
keys = typer.Typer(help="The keys that seal personal data.", no_args_is_help=True)
app.add_typer(goods, name="import")
app.add_typer(staff, name="user")
app.add_typer(keys, name="keys")

Host = Annotated[str | None, typer.Option("--host", help="The address to listen on.", show_default="127.0.0.1")]
Port = Annotated[int | None, typer.Option("--port", help="The port of the web chat.", show_default="8000")]
ConsolePort = Annotated[
    int | None, typer.Option("--console-port", help="The port of the console.", show_default="8001")
]
Currency = Annotated[
    str | None, typer.Option("--currency", help="Take the file's prices in this currency for the shop's, as they are.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Do all but the publication, and report the same.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")]
FORWARD = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@app.command()
def up(host: Host = None, port: Port = None, console_port: ConsolePort = None) -> None:
    """Start everything on this machine: servers, web chat, worker, console and, with a token of a bot, Telegram."""
    from rich.console import Console

    from cli.servers import read_settings
    from cli.up import up as start

    start(read_settings(web_host=host, web_port=port, console_port=console_port), Console())


@app.command()
def web(host: Host = None, port: Port = None) -> None:
    """Serve the web chat (any number of these may run)."""
    from cli import serve
    from cli.servers import read_settings

    serve.web(read_settings(web_host=host, web_port=port))


@app.command()
def worker() -> None:
    """Do the work behind: jobs, deadlines, deliveries (any number of these may run)."""
    from cli import serve
    from cli.servers import read_settings

    serve.worker(read_settings())


@app.command()
def console(host: Host = None, console_port: ConsolePort = None) -> None:
    """Serve the staff's API and console."""
    from cli import serve
    from cli.servers import read_settings

    serve.console(read_settings(web_host=host, console_port=console_port))


@app.command()
def telegram() -> None:
    """Fetch what is written in Telegram; of several of these one works at a time."""
    from cli import serve
    from cli.servers import read_settings

    serve.telegram(read_settings())


@app.command()
def migrate() -> None:
    """Bring the database to this version, and make the keys of a new shop."""
    from cli import prepare
    from cli.servers import any_servers, read_settings

    with any_servers(read_settings()) as settings:
        found = prepare.look(settings)
        prepare.make_keys(settings, fresh=not found.tables)
        if not found.current:
            prepare.migrate(settings)
    print("The database is at this version.")


@app.command(context_settings=FORWARD)
def talk(context: typer.Context) -> None:
    """Talk to the shop in this terminal, or play written conversations (--script)."""
    from cli.talk import app as talking

    talking(context.args, prog_name="xiaoer talk")


@app.command(context_settings=FORWARD)
def nlu(context: typer.Context) -> None:
    """Train, try and evaluate how the shop understands."""
    from cli.nlu import app as understanding

    understanding(context.args, prog_name="xiaoer nlu")


@app.command(context_settings=FORWARD)
def search(context: typer.Context) -> None:
    """Measure the search on a catalogue with human judgments."""
    from cli.search import app as searching

    searching(context.args, prog_name="xiaoer search")


@app.command()
def check(as_json: AsJson = False) -> None:
    """Hold the whole database against every rule of the shop; names the rows that break one."""
    from cli.check import check as hold

    if not hold(as_json=as_json):
        raise typer.Exit(1)


@app.command()
def backup(file: Path) -> None:
    """Write the whole shop (database, media, keys) into one file."""
    from cli import keep

    keep.backup(file)


@app.command()
def restore(file: Path) -> None:
    """Bring the shop of a backup back into an empty data folder and database."""
    from cli import keep

    keep.restore(file)


@goods.callback()
def import_goods() -> None:
    """Bring goods in from files of elsewhere; their pictures lie in a folder `images` beside the file."""


def _importing(source: str) -> Callable[[Path, bool, bool, str | None], None]:
    def take_over(file: Path, dry_run: DryRun = False, as_json: AsJson = False, currency: Currency = None) -> None:
        from cli import goods

        goods.take_over(file, source=source, file_currency=currency, dry_run=dry_run, as_json=as_json)

    return take_over


# The keys of commerce.imports.readers.READERS, which is not imported here: every start of `xiaoer` would wait for it.
SOURCES = {
    "csv": "A plain product table (CSV), with English or Chinese column names.",
    "icecat": "Product data of Icecat (JSON lines, gzip or plain); prices in US cents.",
    "saleor": "The catalogue of a Saleor shop: a fixture (JSON).",
    "shopify": "A product export of a Shopify shop (CSV).",
    "spree": "A product export of a Spree shop (CSV), its translations beside it.",
    "vendure": "A product table of a Vendure shop (CSV).",
    "woocommerce": "A product export of a WooCommerce shop (CSV).",
}
for _source, _told in SOURCES.items():
    goods.command(_source, help=_told)(_importing(_source))


@goods.command("divisions")
def import_divisions(folder: Path) -> None:
    """China's divisions (provinces.csv, cities.csv, areas.csv, streets.csv): addresses typed in one line are placed."""
    from cli import divisions

    divisions.take_over(folder)


@goods.command("taxonomy")
def import_taxonomy(folder: Path) -> None:
    """A bilingual product taxonomy (folders en and zh-CN): its words become synonyms of the search."""
    from cli import taxonomy

    taxonomy.take_over(folder)


@keys.callback()
def of_keys() -> None:
    """The keys that seal personal data."""


@keys.command("rotate")
def rotate_keys() -> None:
    """Add a key, which seals from now on, and seal anew what older keys sealed."""
    from cli import keys as rotation

    rotation.rotate()


@staff.command("add")
def add_staff(
    name: str,
    role: Annotated[str, typer.Option(help="administrator, supervisor, agent or merchant.")] = "agent",
    display_name: Annotated[str, typer.Option(help="What shoppers and colleagues read; else the name.")] = "",
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
) -> None:
    """Add a person; the password is made here and told once."""
    from cli import accounts

    print("The password is", accounts.add(name=name, role=role, display_name=display_name, language=language))


@staff.command("list")
def list_staff() -> None:
    """Everybody who works here or did."""
    from cli import accounts

    accounts.show()


@staff.command("reset-password")
def reset_password(name: str) -> None:
    """Give a person a new password, made here and told once, and end their sessions."""
    from cli import accounts

    print("The new password is", accounts.reset_password(name))


@staff.command("dismiss")
def dismiss(name: str) -> None:
    """Let a person in no more, in no browser and no chat; the conversations they held wait for others."""
    from cli import accounts

    print(f"{name} is let in no more. Conversations that wait again: {accounts.dismiss(name)}")


@staff.command("reinstate")
def reinstate(name: str) -> None:
    """Let a person in again who was dismissed, with the password they had."""
    from cli import accounts

    accounts.reinstate(name)
    print(f"{name} may sign in again.")


def main() -> NoReturn:
    """Run a command; a refusal is one sentence on standard error and exit code 1."""
    try:
        app()
    except Refused as refused:
        from cli.sentences import sentence

        print(sentence(refused), file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


if __name__ == "__main__":
    main()
