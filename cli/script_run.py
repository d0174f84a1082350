"""Playing a written conversation in a scratch shop, step by step, with what was said and what did not hold."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from bot.shop import Shop
from cli.scratch import BASE_URL, ScratchShop
from cli.script_facts import fact, give, holds
from cli.script_file import Agent, Checks, Does, Expects, Given, Says, Script, Step, Waits
from cli.script_givens import mailed_code
from cli.script_shopper import AtTerminal, Line, ScriptError, Shopper, folded
from cli.sentences import sentence
from conversations.model import Agent as Person
from conversations.model import Conversation
from conversations.ownership import add_note, agent_says, close, release, take
from conversations.read import conversation_of
from foundation.errors import Json, Refused

log = structlog.get_logger(__name__)

AGENT = Person(1, "小林")
_RETURN = re.compile(r'action="([^"]+)"')
_WALLET = re.compile(r'href="([^"?]*/simulator/pay/[^"?]*)')


@dataclass
class Played:
    """What came of one script. `skipped` says why it could not be played here."""

    script: Script
    transcript: list[Line] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    skipped: str = ""

    @property
    def passed(self) -> bool:
        """Whether everything held; what was skipped did not fail."""
        return not self.failures


async def play(script: Script, scratch: ScratchShop, *, shopper_at: Callable[[Shop], Shopper] = AtTerminal) -> Played:
    """Play a script to its end, or to the first step that cannot be done; checks that fail do not stop it.

    They are held against what the shopper sees, who talks at the place of `shopper_at`.
    """
    played = Played(script)
    player = _Player(script, scratch, played, shopper_at(scratch.shop))
    try:
        await player.begin()
        for step in script.steps:
            await player.do(step)
    except (Refused, ScriptError) as error:
        why = sentence(error) if isinstance(error, Refused) else error
        played.failures.append(f"{script.path.name}:{player.line}: {why}")
    except Exception as error:  # a shop that breaks fails this conversation, not the others
        log.exception("script broke", script=script.path.name, line=player.line)
        played.failures.append(f"{script.path.name}:{player.line}: the shop broke: {type(error).__name__}: {error}")
    return played


class _Player:
    def __init__(self, script: Script, scratch: ScratchShop, played: Played, shopper: Shopper) -> None:
        self.script, self.scratch, self.played, self.shopper = script, scratch, played, shopper
        self.shop = scratch.shop
        self.line = 0
        self.pay_page = ""
        self.is_settled = False
        self.answers: list[str] = []
        self.names: dict[str, str] = {}

    async def begin(self) -> None:
        """Meet the shop, in the language of the script, and make the given true."""
        await self.shopper.arrive(self.script.language)
        for given in self.script.given:
            await self.do(given)

    async def do(self, step: Step) -> None:
        """One step."""
        self.line = step.line
        match step:
            case Says():
                await self._say(step)
            case Does():
                await self._act(step)
            case Agent():
                await self._agent(step)
            case Waits(time=time):
                self.answers.clear()
                self._note("clock", f"+ {time}")
                self.scratch.clock.move(time)
                await self._catch_up()
            case Expects():
                self._expect(step)
            case Checks():
                await self._check(step)
            case Given():
                await self._give(step)

    async def _give(self, step: Given) -> None:
        self.is_settled = False
        customer_id = (await self.conversation()).customer_id
        async with self.shop.database.begin() as session:
            named = await give(
                self.scratch,
                session,
                self._filled(step.text),
                customer_id=customer_id,
                language=self.script.language,
            )
        if named is not None:
            self.names[named[0]] = named[1]

    async def _say(self, step: Says) -> None:
        text = await self._with_code(self._filled(step.text))
        self._note("shopper", text)
        await self.shopper.say(text, hurried=step.hurried)
        self.answers.clear()
        if not step.hurried:
            await self._be_answered()

    async def _act(self, step: Does) -> None:
        match step.what:
            case "press":
                self._note("shopper", f"[{await self.shopper.press(self._filled(step.detail))}]")
            case "open pay page":
                self.answers.clear()
                self._note("shopper", f"[{step.what}]")
                await self._open_pay_page()
                return
            case "pay" | "pay fails":
                await self._pay("pay" if step.what == "pay" else "decline")
                return
            case kind:
                self._note("shopper", f"[{kind} {step.detail}]".replace(" ]", "]"))
                await self.shopper.send(kind, step.detail)
        self.answers.clear()
        await self._be_answered()

    async def _be_answered(self) -> None:
        """Let the shop do what it was asked for, and look."""
        await self.shop.idle()
        if self.is_settled:  # the clock stands still, so nothing became due but by this message
            await self.scratch.settle()
            await self._hear()
        else:
            await self._catch_up()

    async def _catch_up(self) -> None:
        await self.scratch.catch_up()
        self.is_settled = True
        await self._hear()

    async def _hear(self) -> None:
        """Take in what the shop said since the last look."""
        for line in await self.shopper.look():
            self.answers.append(line.text)
            self.played.transcript.append(line)

    async def _open_pay_page(self) -> None:
        """Open the newest pay link as a browser would; the page stays open until it is paid or another is opened."""
        link = self.shopper.pay_link()
        if link is None:
            raise ScriptError("there is no pay link to open")
        page = await self.scratch.client.get(link, follow_redirects=True)
        wallet = _WALLET.search(page.text)
        if wallet is not None:  # a code to scan
            page = await self.scratch.client.get(wallet[1])
        form = _RETURN.search(page.text)
        if form is None:
            raise ScriptError(f"the pay page shows no form to pay (status {page.status_code})")
        self.pay_page = BASE_URL + form[1]

    async def _pay(self, choice: str) -> None:
        """Press Pay or Decline on the bank's page, which is opened first unless it is open."""
        self.answers.clear()
        self._note("shopper", f"[{choice}]")
        if not self.pay_page:
            await self._open_pay_page()
        page, self.pay_page = self.pay_page, ""
        await self.scratch.client.post(page, data={"choice": choice})
        await self._catch_up()

    async def _agent(self, step: Agent) -> None:
        conversation_id = (await self.conversation()).id
        self.answers.clear()
        self._note("agent", f"{step.verb} {step.text}".strip())
        now = self.shop.now()
        text = self._filled(step.text)
        said: dict[str, Json] = {"conversation_id": conversation_id, "agent": AGENT, "now": now}
        async with self.shop.database.begin() as session:
            match step.verb:
                case "take":
                    await take(session, conversation_id=conversation_id, agent=AGENT, now=now)
                case "says":
                    body = {"kind": "text", "text": text}
                    await agent_says(session, **said, body=body, text=text, client_msg_id=f"script-{self.line}")
                case "note":
                    await add_note(session, **said, text=text, client_msg_id=f"script-{self.line}")
                case "release":
                    await release(session, **said, to="bot", note=text)
                case "close":
                    await close(session, conversation_id=conversation_id, agent=AGENT, now=now)
        await self.shop.delivery.deliver(conversation_id, self.shopper.channel)
        await self._catch_up()

    def _expect(self, step: Expects) -> None:
        if not step.any_of:
            if self.answers:
                self._fail(f"must not answer, but says: {' / '.join(self.answers)[:600]}")
            return
        together = folded("\n".join(self.answers))
        found = [text for text in step.any_of if folded(self._filled(text)) in together]
        if bool(found) is step.absent:
            said = " / ".join(answer.replace("\n", " ") for answer in self.answers) or "nothing"
            wanted = " | ".join(step.any_of)
            self._fail(f"{'must not say' if step.absent else 'must say'} {wanted!r}, but says: {said[:600]}")

    async def _check(self, step: Checks) -> None:
        conversation = await self.conversation()
        async with self.shop.database.begin() as session:
            value = await fact(session, step.fact, conversation=conversation)
        if not holds(value, step.operator, self._filled(step.value)):
            self._fail(f"{step.fact} {step.operator} {step.value} does not hold: it is {value.text!r}")

    async def conversation(self) -> Conversation:
        """The row as it is now."""
        async with self.shop.database.begin() as session:
            found = await conversation_of(session, channel=self.shopper.channel, chat=self.shopper.chat)
        if found is None:
            raise ScriptError("nothing was said yet")
        return found

    def _filled(self, text: str) -> str:
        """The text with {A} as the number of the order the script calls A."""
        return re.sub(r"\{(\w+)\}", lambda name: self.names.get(name[1], name[0]), text)

    async def _with_code(self, text: str) -> str:
        """The text with {code} as the digits of the newest mail."""
        if "{code}" not in text:
            return text
        async with self.shop.database.begin() as session:
            return text.replace("{code}", await mailed_code(session))

    def _note(self, who: str, text: str) -> None:
        self.played.transcript.append(Line(who, text))

    def _fail(self, what: str) -> None:
        self.played.failures.append(f"{self.script.path.name}:{self.line}: {what}")


def as_json(played: Sequence[Played]) -> str:
    """The result of several scripts as one JSON object."""
    return json.dumps(
        {
            "passed": all(each.passed for each in played),
            "scripts": len(played),
            "failures": [failure for each in played for failure in each.failures],
            "skipped": [f"{each.script.path.name}: {each.skipped}" for each in played if each.skipped],
            "transcript": [
                {"script": each.script.path.name, "who": line.who, "text": line.text}
                for each in played
                for line in each.transcript
            ],
        },
        ensure_ascii=False,
    )
