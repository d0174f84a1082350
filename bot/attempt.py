"""One run of a flow inside its savepoint, and how it ended."""

from enum import Enum

from bot import replies
from bot.flow import Again, Flow, Gone, Paused, Turn, Unread
from bot.language import N_
from bot.refusals import sentence, ways_on
from foundation.errors import Refused

_GO_ON = "@go_on"
_MOVED = N_("Something has changed since I asked you. Shall I go on?")


class End(Enum):
    """How a run ended."""

    PAUSED = "waits for the shopper"
    ENDED = "is done"
    UNREAD = "could not read the message"
    AGAIN = "wants to run again"
    REFUSED = "was refused"


async def attempt(turn: Turn, flow: Flow) -> End:
    """Run a flow. A pause keeps what it wrote; a refusal undoes it, and its sentence is what the turn says.

    A replay that ends, or acts, without coming by the question just answered is undone too: nothing is done upon an
    answer that was meant for something else; the shopper is asked whether to go on.
    """
    frame = turn.frame
    said, done = dict(frame.said), dict(frame.done)
    try:
        async with turn.setting.savepoint():
            end = await _once_through(turn, flow)
            if not turn.reached and (end is End.ENDED or turn.made):
                raise _MovedOn
            if end is End.UNREAD:
                frame.said = said  # what this run says is not shown, so it was not said
            return end
    except _MovedOn:
        frame.said, frame.done, frame.asking = said, done, None
        turn.lines, turn.handover, turn.next = [], None, None
        return await _ask_whether_to_go_on(turn)
    except Refused as refused:
        frame.said, frame.done = said, done
        turn.handover = turn.next = None
        if isinstance(refused, Gone):
            turn.reopen = (refused.slot,)
        turn.lines = [_refusal(turn, refused)]
        for path in turn.reopen:
            frame.reopen(path)
        return End.REFUSED


def _refusal(turn: Turn, refused: Refused) -> replies.Reply:
    """Why not, and where to go from here, unless the flow asks on."""
    said = sentence(refused, turn.translate)
    ways = () if turn.reopen else ways_on(refused)
    buttons = tuple(turn.wish(turn.translate(label), skill, **args) for label, skill, args in ways)
    return replies.Choice(said, buttons) if buttons else replies.Text(said)


class _MovedOn(BaseException):
    """The replay did not come by the question that was asked, and would act."""


async def _once_through(turn: Turn, flow: Flow) -> End:
    try:
        asking = turn.frame.asking
        if asking is None or asking.slot != _GO_ON or await turn.confirm(_GO_ON, turn.translate(_MOVED), facts={}):
            await flow.run(turn)
    except Paused:
        return End.PAUSED
    except Unread:
        return End.UNREAD
    except Again:
        return End.AGAIN
    return End.ENDED


async def _ask_whether_to_go_on(turn: Turn) -> End:
    try:
        await turn.confirm(_GO_ON, turn.translate(_MOVED), facts={})
    except Paused:
        return End.PAUSED
    raise AssertionError("a confirmation that was not asked before always pauses")
