"""``xiaoer nlu``: train the language model, try a sentence, evaluate on files of examples or on our own phrases."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from nlu.evaluate import Evaluation
    from nlu.train import Progress as Tell

app = typer.Typer(help="The language model: train, try, evaluate.", no_args_is_help=True)
_out = Console()
_err = Console(stderr=True)


@app.command()
def train(
    phrases: Annotated[
        list[Path] | None, typer.Option(help="Folders or files of phrases in Rasa's YAML. Default: the shop's own.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where the model goes. Default: the one the shop uses.")] = None,
) -> None:
    """Train the model on the phrases, in seconds."""
    from nlu.encode import SentenceEncoder
    from nlu.phrases import OUR_PHRASES, BadPhrases, read_phrases
    from nlu.train import CannotTrain
    from nlu.train import train as train_model
    from nlu.understand import OUR_MODEL

    goal = out or OUR_MODEL
    try:
        known = read_phrases(*(phrases or [OUR_PHRASES]))
        with _progress() as tell:
            model = train_model(known, SentenceEncoder(), progress=tell)
        model.save(goal)
    except (BadPhrases, CannotTrain, OSError) as error:
        _stop(str(error))
    size = goal.stat().st_size / 1e6
    _out.print(
        f"{len(known.examples)} phrases, {len(model.intents)} intents -> {goal} ({size:.1f} MB)", highlight=False
    )


@app.command("try")
def try_text(
    text: Annotated[str, typer.Argument(help="What a shopper writes.")],
    language: Annotated[str | None, typer.Option(help="The language so far: zh or en.")] = None,
    model: Annotated[Path | None, typer.Option(help="Another model than the shop's own.")] = None,
) -> None:
    """Show what the bot understands."""
    from nlu.intents import BadModel
    from nlu.model import Context
    from nlu.understand import Understander

    if language not in (None, "zh", "en"):
        _stop(f"the language is zh or en, not {language}")
    try:
        understander = Understander.load(model)
    except BadModel as error:
        _stop(str(error))
    meaning = understander.understand(text, Context("zh" if language == "zh" else "en" if language else None))
    table = Table(show_header=False)
    table.add_row("intent", f"[bold]{meaning.intent}[/]  {meaning.confidence:.2f}")
    for intent, chance in meaning.alternatives:
        table.add_row("or", f"{intent}  {chance:.2f}")
    table.add_row("language", meaning.language)
    for entity in meaning.entities:
        table.add_row(entity.kind, escape(f"{entity.value!r}  (characters {entity.start} to {entity.end})"))
    for name, value in meaning.trace.items():
        table.add_row(name, escape(str(value)), style="dim")
    _out.print(table)


@app.command()
def evaluate(
    train: Annotated[Path | None, typer.Option(help='Examples to train on: {"text", "intent"}, one a line.')] = None,
    test: Annotated[Path | None, typer.Option(help="Examples to test on; the intent oos is out of scope.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the confusion matrix into this .png file.")] = None,
) -> None:
    """Evaluate: on two files of examples, or (with neither) on our own phrases with a fifth held out."""
    if (train is None) != (test is None):
        _stop("give both --train and --test, or neither to evaluate the shop's own phrases")
    if plot:
        _need_matplotlib()
    from nlu.encode import SentenceEncoder
    from nlu.evaluate import BadExamples, evaluate_ours, read_examples
    from nlu.evaluate import evaluate as evaluate_files
    from nlu.phrases import BadPhrases
    from nlu.train import CannotTrain

    try:
        if train and test:
            training, tested = read_examples(train), read_examples(test)
            with _progress() as tell:
                found = evaluate_files(training, tested, SentenceEncoder(), progress=tell)
        else:
            with _progress() as tell:
                found = evaluate_ours(SentenceEncoder(), progress=tell)
    except (BadExamples, BadPhrases, CannotTrain) as error:
        _stop(str(error))
    if plot:
        _draw(found, plot)
    if as_json:
        typer.echo(json.dumps(found.figures, ensure_ascii=False))
    else:
        _show(found)


def _stop(sentence: str) -> NoReturn:
    _err.print(sentence, style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1)


@contextmanager
def _progress() -> "Iterator[Tell]":
    """Show a bar on standard error while something trains."""
    columns = (SpinnerColumn(), TextColumn("{task.description:12}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_err, transient=True) as bar:
        task = bar.add_task("load", total=1.0)
        yield lambda step, share: bar.update(task, description=step, completed=share)


def _show(found: "Evaluation") -> None:
    """Print how each intent fares in each language, how confidence and truth agree, and the figures of the whole."""
    from nlu.evaluate import calibration

    languages = found.languages or ("",) * len(found.true)
    for language in sorted(set(languages), reverse=True):
        rows = zip(found.true, found.said, languages, strict=True)
        _show_intents(language, [(true, said) for true, said, one in rows if one == language])
    table = Table("confidence", "messages", "mean", "right", title="as right as sure?", title_justify="left")
    for begin, messages, mean, right in calibration(found):
        table.add_row(f"{begin:.1f} to {begin + 0.1:.1f}", str(messages), f"{mean:.3f}", f"{right:.3f}")
    _out.print(table)
    for name, value in found.figures.items():
        _out.print(f"{name:18} {value}", highlight=False)


def _show_intents(language: str, pairs: list[tuple[str, str]]) -> None:
    from nlu.evaluate import per_intent

    table = Table("intent", "messages", "precision", "recall", "f1", "taken for", title=language, title_justify="left")
    for intent, scores in per_intent([true for true, _ in pairs], [said for _, said in pairs]).items():
        often = Counter(said for true, said in pairs if true == intent != said).most_common(3)
        wrong = ", ".join(f"{one} {times}" for one, times in often)
        numbers = (f"{scores[name]:.3f}" for name in ("precision", "recall", "f1"))
        table.add_row(intent, f"{scores['messages']:.0f}", *numbers, wrong)
    _out.print(table)


def _need_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        _stop("--plot needs matplotlib, which is not installed: it comes with the extra dev")


def _draw(found: "Evaluation", path: Path) -> None:
    """Draw how often each intent (row) was taken for each (column)."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np

    places = {intent: place for place, intent in enumerate(found.intents)}
    counts = np.zeros((len(places), len(places)))
    for true, said in zip(found.true, found.said, strict=True):
        counts[places[true], places[said]] += 1
    side = max(5.0, min(40.0, 0.32 * len(places) + 2))
    figure, axes = plt.subplots(figsize=(side, side))
    image = axes.imshow(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(places)), found.intents, rotation=90, fontsize=7)
    axes.set_yticks(range(len(places)), found.intents, fontsize=7)
    for row, column in zip(*counts.nonzero(), strict=True):
        colour = "white" if 2 * counts[row, column] > counts[row].sum() else "black"
        axes.text(column, row, f"{counts[row, column]:.0f}", ha="center", va="center", fontsize=6, color=colour)
    axes.set_xlabel("understood as")
    axes.set_ylabel("meant")
    figure.colorbar(image, fraction=0.046, pad=0.02)
    figure.tight_layout()
    try:
        figure.savefig(path, dpi=120)
    except (OSError, ValueError) as error:
        _stop(f"the picture cannot be written to {path}: {error}")
    finally:
        plt.close(figure)
