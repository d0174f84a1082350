"""One turn of a conversation: messages in, replies and the new state out. Flows (bot/flow.py) do the talking.

A message is read in this order: cancel, back, a person; a button or the very words of an option; another wish that is
clear enough; any other answer to the question that stands; unclear (again with help, then a person is offered).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from bot import buttons, replies
from bot.attempt import End, attempt
from bot.flow import Flow, Handover, Setting, Turn
from bot.frames import Frame, typed_press
from bot.language import N_, translator
from bot.questions import calls_off
from bot.replies import Reply
from bot.words import SURE, Heard, Words, simple
from foundation.errors import Json

MOST_FRAMES = 5
MOST_DIGRESSIONS = 2
"""How often the bot comes back to a question that the shopper leaves for something else."""
SILENCE = timedelta(days=1)
UNCLEAR = "out_of_scope"
ASK_PERSON = "ask_human"
GIVE_UP = "stop"
_FOR_THE_BOT = ("command", "start")
"""Kinds of messages that mean the bot, also while a person is waited for."""
_NAMES_A_THING = (UNCLEAR, "search_products", "refine_search", "order_status", "add_to_cart")
_START_OVER = frozenset(("start over", "restart", "start again", "重新开始", "从头来", "从头再来", "重来"))

Kind: TypeAlias = Literal["answer", "fact"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a turn came to. `frames` and `focus` are JSON for the conversation row, `language` is the one to go on in.

    `replies` are (kind, reply) in order: an "answer" is the bot's own, a "fact" is what the shop has done (a receipt).
    `handover` is set when the shopper gets a person. `gave_up`: waited for a person and does not want one any more.
    `read`: how many of the messages were read, all when None. After one that made the shop do something the rest waits,
    so that what was done is committed first.
    """

    replies: tuple[tuple[Kind, Reply], ...]
    frames: list[dict[str, Json]]
    focus: dict[str, Json]
    language: str
    handover: Handover | None = None
    gave_up: bool = False
    read: int | None = None


Announced: TypeAlias = Callable[[str], Awaitable[Sequence[Reply]]]
"""(language) -> replies for what the shop has announced to this shopper since it was last called."""


async def nothing_announced(_language: str) -> Sequence[Reply]:
    """For tests without a shop."""
    return ()


async def converse(
    setting: Setting,
    *,
    flows: Mapping[str, Flow],
    frames: Sequence[Mapping[str, Json]],
    focus: Mapping[str, Json],
    language: str,
    heard: Sequence[Heard],
    waiting: bool = False,
    announced: Announced = nothing_announced,
) -> Outcome:
    """Read the messages of one turn in order and say what is to be answered; of several prompts only the last is said.

    `flows` maps an intent to what the bot does about it; with `waiting` (for a person) only those that change nothing
    run. Runs inside the turn's transaction; what a refused flow wrote is undone by `setting.savepoint`.
    """
    dialogue = _Dialogue(setting, flows, frames, focus, language, waiting=waiting, announced=announced)
    dialogue.drop_after_silence()
    read = 0
    while read < len(heard) and not dialogue.is_over:
        await dialogue.hear(heard[read])
        read += 1
    return dialogue.outcome(read)


class _Dialogue:
    def __init__(
        self,
        setting: Setting,
        flows: Mapping[str, Flow],
        frames: Sequence[Mapping[str, Json]],
        focus: Mapping[str, Json],
        language: str,
        *,
        waiting: bool,
        announced: Announced,
    ) -> None:
        self.setting, self.flows, self.waiting, self.announced = setting, flows, waiting, announced
        self.frames = [frame for frame in map(Frame.from_json, frames) if frame is not None]
        self.focus = dict(focus)
        self.language = language
        self.lines: list[tuple[Kind, Reply]] = []
        self.prompt: list[Reply] = []
        self.lead: list[str] = []
        self.handover: Handover | None = None
        self.gave_up = self.is_press = False

    def drop_after_silence(self) -> None:
        """What was left lying for a day is put away, and the shopper is told."""
        if self.frames and self.setting.now - datetime.fromisoformat(self.frames[-1].at) > SILENCE:
            left = self._titles(self.frames)
            self.frames.clear()
            self._tell(N_("It has been a while, so I have put this away: {what}. Just ask for it again."), what=left)

    async def hear(self, heard: Heard) -> None:
        """Read one message: whoever it is meant for runs, until somebody waits for an answer or all is done."""
        for part in heard.parts if heard.parts and not self._asks_for_free_text() else (heard,):
            if not self.is_over and not self._belongs_to_album(part):
                await self._hear(part.as_code if self.frames and self.frames[-1].flow == "checkout" else part)

    @property
    def is_over(self) -> bool:
        """Whether the turn ends here: somebody else goes on, or the shop has done something."""
        return self.handover is not None or self.gave_up or any(kind == "fact" for kind, _ in self.lines)

    def _belongs_to_album(self, heard: Heard) -> bool:
        """Whether it is a further picture of an album that was answered, and nobody at work takes pictures."""
        album = (heard.photo or {}).get("album")
        is_known = album is not None and album == self.focus.get("album")
        return is_known and not heard.text.strip() and not self._takes_photos

    async def _hear(self, heard: Heard) -> None:
        self.prompt, self.lead, self.is_press = [], [], heard.kind == "press"
        top = self.frames[-1] if self.frames else None
        typed = typed_press(heard.text, self.focus.get("offered"), top=top, vault=self.setting.vault)
        token = heard.token if heard.kind == "press" else typed
        if token is not None:
            return await self._press(token, is_shared=heard.is_shared)
        self._follow_language(heard, is_answer=self._asks_for_free_text())
        if self.waiting:
            return await self._hear_while_waiting(heard)
        if heard.photo is not None:
            if not self._takes_photos:
                self._start("photo")
            return await self._run(Words(heard))
        if heard.starts is not None:
            self._start(*heard.starts)
            return await self._run(Words(heard) if heard.text else None)
        if not heard.text.strip():
            self._tell(N_("I can only read words so far. Tell me in a few words what you need."))
            return await self._run(None)
        if simple(heard.text) in _START_OVER and self.frames:
            return await self._cancel(self.frames[:])
        control = heard.intent if heard.confidence >= SURE else None
        if control == "stop" and self.frames and not calls_off(self.frames[-1], heard.text):
            return await self._cancel(self.frames[-1:])
        if control == "go_back" and self.frames:
            return await self._back()
        if control == ASK_PERSON and ASK_PERSON in self.flows:
            self._start(ASK_PERSON)
            return await self._run(Words(heard))
        flow = self.flows.get(heard.intent)
        is_doubtful = flow is None or (flow.threshold > 1 and heard.confidence < SURE)
        wish = UNCLEAR if is_doubtful else heard.intent
        if not self.frames:
            self._start(wish)
            return await self._run(Words(heard))
        at_work = self.frames[-1].flow
        is_another = wish not in (UNCLEAR, at_work) and heard.confidence >= self.flows[wish].threshold
        corrects = at_work in self.flows and wish in self.flows[at_work].corrected_by
        return await self._run(Words(heard, correction=corrects), wish if is_another else None)

    async def _hear_while_waiting(self, heard: Heard) -> None:
        """Until the person comes only what changes nothing is answered; the rest is for the person to read."""
        if heard.intent == GIVE_UP and not self.frames:
            self.gave_up = True
            self._tell(N_("All right, then it is you and me again. What can I do for you?"))
        elif heard.intent in self.flows and self.flows[heard.intent].reads_only:
            self._start(heard.intent)
            await self._run(Words(heard))
        elif heard.kind in _FOR_THE_BOT:
            self._ask_for_patience()
        elif self.frames:
            await self._run(Words(heard))

    def _ask_for_patience(self) -> None:
        text = self._say(N_("A colleague will be with you soon and can do that for you."))
        token = buttons.wish_token(self.setting.vault, customer_id=self.setting.customer_id, skill=GIVE_UP, args={})
        give_up = replies.Button(self._say(N_("No colleague needed")), token)
        self.lines.append(("answer", replies.Choice(text, (give_up,))))

    async def _press(self, token: str, *, is_shared: bool) -> None:
        session, customer_id = self.setting.session, self.setting.customer_id
        pressed = buttons.read_token(self.setting.vault, token)
        if pressed is None or not await buttons.may_press(session, pressed, customer_id, is_shared=is_shared):
            self._tell(N_("This button is not one of yours. Tell me in words what you need."))
            return await self._run(None)
        if isinstance(pressed, buttons.Wish):
            return await self._press_wish(pressed)
        for place, frame in enumerate(self.frames):
            if frame.asking is not None and frame.mark == pressed.mark:
                del self.frames[place + 1 :]
                key = next((key for key in frame.asking.shown if buttons.fingerprint(key) == pressed.option), None)
                return await self._run(Words(Heard(kind="press"), pressed=key))
        self._tell(N_("That question is settled already."))
        return await self._run(None)

    async def _press_wish(self, wish: buttons.Wish) -> None:
        flow = self.flows.get(wish.skill)
        if self.waiting and wish.skill == GIVE_UP:
            self.frames.clear()
            return await self._hear_while_waiting(Heard(intent=GIVE_UP))
        if flow is None:
            self._tell(N_("I cannot do that any more. Tell me in words what you need."))
        elif self.waiting and not flow.reads_only:
            return self._ask_for_patience()
        else:
            self._start(wish.skill, dict(wish.args))
        return await self._run(None)

    async def _cancel(self, dropped: list[Frame]) -> None:
        del self.frames[len(self.frames) - len(dropped) :]
        self._tell(N_("All right, I have left this: {what}."), what=self._titles(dropped))
        await self._run(None, returning=True)

    async def _back(self) -> None:
        answers = self.frames[-1].answers
        if answers:
            self.frames[-1].reopen(next(reversed(answers)))
        else:
            self.lead.append(self._say(N_("That was the first question.")))
        await self._run(None)

    # running flows

    async def _run(self, words: Words | None, wish: str | None = None, *, returning: bool = False) -> None:
        """Run the top of the stack until a flow waits for an answer, or none is left."""
        refusals = 0
        while self.frames:
            frame = self.frames[-1]
            flow = self.flows.get(frame.flow)
            if flow is None or flow.version != frame.version:
                self._start_over(frame, flow)
                words, wish = None, None
                continue
            turn = self._turn(frame, words, other_wish=wish is not None)
            end = await attempt(turn, flow)
            if end is End.UNREAD:
                assert words is not None
                words, wish = self._unread(words, wish)
                continue
            await self._take_over(turn, end, returning=returning)
            words, wish = Words(words.heard) if words is not None and turn.is_passed_on else None, None
            if end is End.PAUSED or self.handover:
                return
            refusals += end is End.REFUSED
            if end is End.ENDED or (end is End.REFUSED and (not turn.reopen or refusals > 1)):
                self.frames.pop()
                returning = turn.next is None
                if turn.next is not None:
                    self._start(*turn.next)

    async def _take_over(self, turn: Turn, end: End, *, returning: bool) -> None:
        """Make what a run has said part of the turn's answer."""
        self.lines += [("answer", reply) for reply in turn.lines]
        self.lines += [("fact", reply) for reply in await self.announced(self.language)]
        if returning and end is End.PAUSED:
            self.lead.append(self._say(N_("Back to this: {what}."), what=self._titles([turn.frame])))
        self.lead += turn.lead
        self.prompt = turn.prompt
        self.language = turn.language
        if turn.handover and end is End.ENDED:
            at_work = [frame.flow for frame in self.frames[:-1]]
            self.handover = replace(turn.handover, known={**turn.handover.known, "at_work": at_work})
            self.frames.clear()

    def _unread(self, words: Words, wish: str | None) -> tuple[Words | None, str | None]:
        """The question that stands cannot read the message. What is to be read next, and for which wish."""
        frame, heard = self.frames[-1], words.heard
        self._follow_language(heard)
        if self.waiting:
            self.frames.clear()
        elif frame.flow == ASK_PERSON:
            self.frames.pop()
            if not self.frames:
                self._start(heard.intent if heard.intent in self.flows else UNCLEAR)
            return Words(heard), wish
        elif wish is not None:
            frame.left += wish not in self.flows[frame.flow].served_by
            if frame.left > MOST_DIGRESSIONS:
                self.frames.pop()
                self._tell(N_("All right, I have left this: {what}."), what=self._titles([frame]))
            is_new = self._start(wish)
            return Words(heard) if is_new else None, None
        elif heard.intent == frame.flow and not words.correction:
            return self._wished_again(heard), None
        elif heard.intent == frame.flow:
            return None, None
        elif heard.entities and not words.correction:
            return Words(heard, correction=True), None
        else:
            frame.missed += 1
            if frame.missed > 1 and ASK_PERSON in self.flows:
                self._start(ASK_PERSON, {"offer": "unclear"})
            else:
                self.lead.append(self._say(N_("Sorry, I did not get that. You can also say “cancel” or “back”.")))
        return None, None

    def _wished_again(self, heard: Heard) -> Words | None:
        """The same wish once more: for something else ("I'd like two gaiwans"), or just said again."""
        if not heard.entities:
            return Words(heard, correction=True)  # it may change an answer: "cash on delivery this time"
        self.frames.pop()
        self._start(heard.intent)
        return Words(heard)

    def _start(self, name: str, args: dict[str, str] | None = None) -> bool:
        """Put a flow on top of the stack: True when it is new there, False when it was there and is gone on with."""
        args = args or {}
        if name != UNCLEAR:
            self.focus.pop("unclear", None)  # only what is unclear twice in a row gets a person offered
        for place, frame in enumerate(self.frames):
            if frame.flow == name and frame.args == args:
                del self.frames[place + 1 :]
                return False
        passing = {name, *(its for its, flow in self.flows.items() if flow.is_passing)}
        self.frames = [frame for frame in self.frames if frame.flow not in passing]
        if len(self.frames) == MOST_FRAMES:
            self._tell(N_("That is a lot at once; I have left this: {what}."), what=self._titles([self.frames.pop(0)]))
        self.frames.append(Frame(name, self.flows[name].version, args=args))
        return True

    def _start_over(self, frame: Frame, flow: Flow | None) -> None:
        """A flow that works differently now, or is gone, cannot go on with old answers."""
        self.frames.pop()
        again = N_("This works a little differently now, so let us start again: {what}.")
        gone = N_("I cannot go on with this any more: {what}.")
        self._tell(again if flow is not None else gone, what=self._titles([frame]))
        if flow is not None:
            self.frames.append(Frame(frame.flow, flow.version, args=frame.args))

    def _turn(self, frame: Frame, words: Words | None, *, other_wish: bool) -> Turn:
        if words is not None and words.heard.photo is not None and self.flows[frame.flow].takes_photos:
            frame.keep_photo(words.heard.photo)
            if frame.asking is not None and not frame.asking.takes_photos:
                words, self.lead = None, [self._say(N_("Thank you, I have added the photo."))]
        turn = Turn(self.setting, frame, words, language=self.language, focus=self.focus, other_wish=other_wish)
        turn.is_press = self.is_press
        turn.under_way = [each.flow for each in self.frames]
        return turn

    # saying

    def outcome(self, read: int) -> Outcome:
        """What is to be said and kept."""
        said = list(self.lines)
        if self.frames or not self.lines:
            said += [("answer", replies.Text(line)) for line in self.lead]
        if self.frames:
            said += [("answer", reply) for reply in self.prompt]
        for frame in self.frames:
            frame.at = self.setting.now.isoformat()
        if said:
            asked = self.prompt if self.frames else []
            self.focus["offered"] = replies.typed([*(reply for _, reply in self.lines), *asked])
        stored = [frame.to_json() for frame in self.frames]
        return Outcome(tuple(said), stored, self.focus, self.language, self.handover, self.gave_up, read)

    def _say(self, message: str, **blanks: str) -> str:
        return translator(self.language)(message).format(**blanks)

    def _tell(self, message: str, **blanks: str) -> None:
        self.lines.append(("answer", replies.Text(self._say(message, **blanks))))

    def _titles(self, frames: Sequence[Frame]) -> str:
        known = (self.flows.get(frame.flow) for frame in frames)
        return self._say(", ").join(self._say(flow.title if flow else N_("what we were doing")) for flow in known)

    def _follow_language(self, heard: Heard, *, is_answer: bool = False) -> None:
        """Write as the shopper writes, unless a language was asked for.

        One Latin word among Chinese ("ok", the name of a thing) says nothing, nor does "16GB" among English.
        """
        if is_answer or self.focus.get("language_is_fixed") or not heard.language:
            return
        is_one_word = len(heard.text.split()) < 2 and (self.frames or heard.intent in _NAMES_A_THING)
        if not (heard.text.isascii() and (heard.language == "zh" or (self.language == "zh" and is_one_word))):
            self.language = heard.language

    @property
    def _takes_photos(self) -> bool:
        return any(flow.takes_photos for top in self.frames[-1:] if (flow := self.flows.get(top.flow)))

    def _asks_for_free_text(self) -> bool:
        return any(top.asking.free_text for top in self.frames[-1:] if top.asking is not None)
