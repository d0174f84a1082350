"""The written conversations, each played in a shop of its own, and the grammar they are written in."""

import json
from pathlib import Path

import pytest

from cli.scratch import CATALOGUES, EMPTY, ScratchShop
from cli.scratch_again import ScratchDatabases
from cli.script_file import Agent, Checks, Does, Expects, Says, Waits, read_script
from cli.script_run import Played, as_json, play
from cli.script_shopper import Line
from cli.talk import play_files
from foundation.errors import Refused
from nlu.understand import Understander

FOLDER = Path(__file__).parent / "conversations"
SCRIPTS = sorted(FOLDER.glob("**/*.md"))


@pytest.fixture
def template(path: Path, request: pytest.FixtureRequest) -> str | None:
    """What a script starts from; each template is made only when the first script asks for it."""
    shop = read_script(path).shop
    made: str | None = EMPTY if shop == "empty" else request.getfixturevalue(f"{shop}_shelves")
    return made


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
async def test_written_conversation_holds(
    path: Path, databases: ScratchDatabases, understander: Understander, template: str | None
) -> None:
    script = read_script(path)
    if template is None:
        pytest.skip("needs the folder with real data beside the checkout (../shared/data)")
    currency = CATALOGUES[script.shop].currency if script.shop in CATALOGUES else "CNY"
    async with databases.shop(template=template, load=lambda: understander, currency=currency) as scratch:
        played = await play(script, scratch)
    assert played.failures == [], "\n".join(f"{line.who}: {line.text}" for line in played.transcript)


def test_every_kind_of_line_is_read(tmp_path: Path) -> None:
    path = tmp_path / "all.md"
    path.write_text(
        "# Everything\nshop: empty\nlang: en\ngiven:\n- stock A: 3\n\n> hi\n> [press Add to cart]\n> [pay fails]\n"
        "< one | two\n< !three\n@ agent: take\n@ agent: note call back\n@ agent: release done\n@ agent: hello\n"
        "@ agent: close\n~ 2h\n= cart.total >= 12.50 CNY\n"
    )
    script = read_script(path)
    assert (script.title, script.shop, script.language) == ("Everything", "empty", "en")
    assert [given.text for given in script.given] == ["stock A: 3"]
    assert [type(step) for step in script.steps] == [
        *(Says, Does, Does, Expects, Expects, Agent, Agent, Agent, Agent, Agent, Waits, Checks)
    ]
    assert [step.verb for step in script.steps if isinstance(step, Agent)] == [
        "take",
        "note",
        "release",
        "says",
        "close",
    ]
    assert [step.what for step in script.steps if isinstance(step, Does)] == ["press", "pay fails"]


@pytest.mark.parametrize("line", ["? what", "~ soon", "= nothing", "> [dance]", "< ", "@ nobody: hi", "shop: other"])
def test_an_unknown_line_is_an_error_with_its_number(line: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.md"
    path.write_text(f"# Broken\n\n> hi\n{line}\n")
    with pytest.raises(Refused) as refused:
        read_script(path)
    assert (refused.value.code, refused.value.facts["line"]) == ("script.line", 4)


@pytest.mark.parametrize("content", [b"", b"# only a title\n", b"\xff\xfe\x00broken"])
def test_what_is_no_script_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "none.md"
    path.write_bytes(content)
    with pytest.raises(Refused, match=r"script\.unreadable"):
        read_script(path)


async def test_a_check_that_does_not_hold_fails_the_script(scratch: ScratchShop, tmp_path: Path) -> None:
    path = tmp_path / "wrong.md"
    path.write_text("> 你好\n< no such words\n= orders.count = 1\n= nobody.knows = 1\n")
    played = await play(read_script(path), scratch)
    assert [failure.split(": ")[0] for failure in played.failures] == ["wrong.md:2", "wrong.md:3", "wrong.md:4"]


async def test_what_hurries_is_answered_together_and_silence_can_be_expected(
    scratch: ScratchShop, tmp_path: Path
) -> None:
    path = tmp_path / "hurry.md"
    path.write_text(
        "lang: en\n>> hello\n<!\n> thanks\n< welcome to\n< you are welcome\n<!\n"
        "- stock GW-WHT: 0\n- stock NONE: 1\n> hi\n"
    )
    played = await play(read_script(path), scratch)
    assert [failure.split(", but")[0] for failure in played.failures] == [
        "hurry.md:7: must not answer",
        "hurry.md:9: there is no SKU NONE",
    ]


def test_the_result_as_json_has_all_that_was_said_and_did_not_hold(tmp_path: Path) -> None:
    path = tmp_path / "one.md"
    path.write_text("> hi\n")
    script = read_script(path)
    played = [
        Played(script, transcript=[Line("shopper", "hi"), Line("shop", "你好")], failures=["one.md:1: why"]),
        Played(script, skipped="no data"),
    ]
    assert json.loads(as_json(played)) == {
        "passed": False,
        "scripts": 2,
        "failures": ["one.md:1: why"],
        "skipped": ["one.md: no data"],
        "transcript": [
            {"script": "one.md", "who": "shopper", "text": "hi"},
            {"script": "one.md", "who": "shop", "text": "你好"},
        ],
    }
    assert json.loads(as_json(played[1:]))["passed"] is True


@pytest.mark.skipif(CATALOGUES["vendure"].is_here, reason="the real catalogue is here")
def test_a_named_script_without_its_catalogue_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "real.md"
    path.write_text("shop: vendure\n> hi\n")
    with pytest.raises(Refused, match=r"script\.no_data"):
        play_files([path], quiet=True)
