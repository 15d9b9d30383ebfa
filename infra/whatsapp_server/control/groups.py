"""HTTP routes by which virtual phones make groups and change them; they write in one by the chats' routes."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from aiohttp import web

from chalicelib.wire.node import PHONES, Jid
from infra.whatsapp_server.accounts import Account
from infra.whatsapp_server.control.request import Fields, body, phone_number
from infra.whatsapp_server.errors import BadRequest
from infra.whatsapp_server.groups.state import (
    GROUPS,
    LONGEST_DESCRIPTION,
    LONGEST_SUBJECT,
    MOST_MEMBERS,
    Addressing,
    Change,
    Group,
)
from infra.whatsapp_server.network import Network

_LONGEST_TIMER_S = 90 * 86_400
Alter = Callable[[Account, str, Iterable[Jid]], tuple[Group, list[Change]]]
_ONE = "/phones/{number}/groups/{group}"


def add(app: web.Application, network: Network) -> None:
    """Add the routes to an application."""
    groups = _GroupRoutes(network)
    app.router.add_post("/phones/{number}/groups", groups.make)
    app.router.add_get("/phones/{number}/groups", groups.every)
    app.router.add_post("/phones/{number}/join", groups.join)
    app.router.add_get(_ONE, groups.one)
    for act in ("add", "remove", "promote", "demote", "approve", "reject"):
        app.router.add_post(f"{_ONE}/{act}", groups.members(act))
    app.router.add_post("/phones/{number}/addable", groups.addable)
    app.router.add_post(f"{_ONE}/accept", groups.accept)
    app.router.add_post(f"{_ONE}/approval", groups.approval)
    app.router.add_get(f"{_ONE}/requests", groups.requests)
    app.router.add_post(f"{_ONE}/name", groups.name)
    app.router.add_post(f"{_ONE}/topic", groups.topic)
    app.router.add_post(f"{_ONE}/announce", groups.announce)
    app.router.add_post(f"{_ONE}/lock", groups.lock)
    app.router.add_post(f"{_ONE}/disappear", groups.disappear)
    app.router.add_post(f"{_ONE}/invite", groups.invite)
    app.router.add_post(f"{_ONE}/leave", groups.leave)


class _GroupRoutes:
    def __init__(self, network: Network) -> None:
        self._network = network
        self._changes = network.group_changes

    async def make(self, request: web.Request) -> web.Response:
        """`{name, with?, topic?, addressing?}`: make a group of the phone and others, who must be on this WhatsApp.

        `addressing` is lid, as new groups have it, or pn, as old ones had.
        """
        fields = await body(request)
        name, topic = _short(fields, "name", LONGEST_SUBJECT), _short(fields, "topic", LONGEST_DESCRIPTION)
        if not name:
            raise BadRequest("name is missing.")
        addressing = fields.optional_text("addressing") or Addressing.LID
        if addressing not in set(Addressing):
            raise BadRequest(f"addressing must be one of {', '.join(Addressing)}.")
        numbers = fields.texts("with")
        if len(numbers) >= MOST_MEMBERS:
            raise BadRequest(f"A group has {MOST_MEMBERS} members at most.")
        number = phone_number(request.match_info["number"])
        others = dict.fromkeys(map(phone_number, numbers))
        members = tuple(self._network.account(other) for other in others if other != number)
        maker = await self._network.registered(number)
        made, _ = self._changes.make(maker, name, members, description=topic, addressing=Addressing(addressing))
        return web.json_response(_shown(made))

    async def every(self, request: web.Request) -> web.Response:
        """All groups that the phone is in."""
        account = self._account(request)
        groups = [_shown(group) for group in self._network.groups.of(account)]
        return web.json_response({"number": account.number, "groups": groups})

    async def one(self, request: web.Request) -> web.Response:
        """One of these groups."""
        return web.json_response(_shown(self._network.groups.seen_by(self._account(request), _named(request))))

    def members(self, act: str) -> Callable[[web.Request], Any]:
        """Return the handler that does `act` to `{members}`; a member to whom it couldn't be done has WhatsApp's code.

        `offers` in the answer are the invitation codes of those who have to be asked first.
        """
        changes = self._changes
        acts: dict[str, Alter] = {
            "add": changes.add,
            "remove": changes.remove,
            "promote": changes.promote,
            "demote": changes.demote,
            "approve": partial(changes.decide, approve=True),
            "reject": partial(changes.decide, approve=False),
        }
        alter = acts[act]

        async def change(request: web.Request) -> web.Response:
            fields = await body(request)
            numbers = [phone_number(number) for number in fields.texts("members")]
            if not numbers:
                raise BadRequest("members is missing.")
            jids = [Jid(number, PHONES) for number in numbers]
            group, outcomes = alter(self._account(request), _named(request), jids)
            failed = {outcome.jid.user: outcome.error for outcome in outcomes if not outcome.done}
            offers = {outcome.jid.user: outcome.offer.code for outcome in outcomes if outcome.offer}
            return web.json_response({**_shown(group), "failed": failed, "offers": offers})

        return change

    async def name(self, request: web.Request) -> web.Response:
        """`{name}`: change the subject."""
        name = _short(await body(request), "name", LONGEST_SUBJECT)
        if not name:
            raise BadRequest("name is missing.")
        return web.json_response(_shown(self._changes.rename(self._account(request), _named(request), name)))

    async def topic(self, request: web.Request) -> web.Response:
        """`{topic?}`: change the description, or take it away."""
        topic = _short(await body(request), "topic", LONGEST_DESCRIPTION)
        return web.json_response(_shown(self._changes.describe(self._account(request), _named(request), topic)))

    async def announce(self, request: web.Request) -> web.Response:
        """`{on}`: have only admins write, or everybody."""
        on = (await body(request)).flag("on")
        group = self._changes.announce(self._account(request), _named(request), only_admins=on)
        return web.json_response(_shown(group))

    async def lock(self, request: web.Request) -> web.Response:
        """`{on}`: have only admins change name and topic, or everybody."""
        on = (await body(request)).flag("on")
        return web.json_response(_shown(self._changes.lock(self._account(request), _named(request), only_admins=on)))

    async def disappear(self, request: web.Request) -> web.Response:
        """`{seconds}`: have messages disappear after so long; 0 has them stay."""
        seconds = (await body(request)).integer("seconds", default=0, lowest=0, highest=_LONGEST_TIMER_S)
        return web.json_response(_shown(self._changes.disappear(self._account(request), _named(request), seconds)))

    async def invite(self, request: web.Request) -> web.Response:
        """`{renew?}`: the code by which others can join; a renewed one makes the former useless."""
        fields = await body(request)
        account, name = self._account(request), _named(request)
        if fields.flag("renew"):
            group = self._changes.renew_invite(account, name)
        else:
            group = self._network.groups.invite(account, name)
        return web.json_response({"jid": str(group.jid), "code": group.invite, "link": _LINK + group.invite})

    async def join(self, request: web.Request) -> web.Response:
        """`{code}`: join by a code or a link, or wait to be let in; a number that has no phone yet gets one."""
        code = (await body(request)).text("code").removeprefix(_LINK)
        self._network.groups.invited(code)
        account = await self._network.registered(phone_number(request.match_info["number"]))
        group, joined = self._changes.join(account, code)
        return web.json_response({**_shown(group), "waits": not joined})

    async def addable(self, request: web.Request) -> web.Response:
        """`{on}`: let others add the phone to groups, or have them ask."""
        account, on = self._account(request), (await body(request)).flag("on")
        self._network.groups.let_add(account, addable=on)
        return web.json_response({"number": account.number, "addable": on})

    async def accept(self, request: web.Request) -> web.Response:
        """`{code}`: join by the offer of somebody who couldn't add the phone."""
        code = (await body(request)).text("code")
        return web.json_response(_shown(self._changes.accept(self._account(request), _named(request), code)))

    async def approval(self, request: web.Request) -> web.Response:
        """`{on}`: have admins let in who comes by the link, or let everybody in who has it."""
        on = (await body(request)).flag("on")
        return web.json_response(_shown(self._changes.want_approval(self._account(request), _named(request), on=on)))

    async def requests(self, request: web.Request) -> web.Response:
        """Who waits to be let in."""
        waiting = self._network.groups.requests(self._account(request), _named(request))
        return web.json_response({"requests": [{"number": one.account.number, "at": one.at} for one in waiting]})

    async def leave(self, request: web.Request) -> web.Response:
        """Leave the group."""
        return web.json_response(_shown(self._changes.leave(self._account(request), _named(request))))

    def _account(self, request: web.Request) -> Account:
        return self._network.account(phone_number(request.match_info["number"]))


_LINK: Final = "https://chat.whatsapp.com/"


def _named(request: web.Request) -> str:
    """The group in the path, by its address or by what stands before the @ of it."""
    return request.match_info["group"].removesuffix(f"@{GROUPS}")


def _short(fields: Fields, name: str, longest: int) -> str:
    text = fields.optional_text(name) or ""
    if len(text) > longest:
        raise BadRequest(f"{name} must have {longest} characters at most.")
    if any("\ud800" <= one <= "\udfff" for one in text):
        raise BadRequest(f"{name} holds half a character.")
    return text


def _shown(group: Group) -> dict[str, Any]:
    return {
        "jid": str(group.jid),
        "name": group.subject,
        "topic": group.description.text if group.description else "",
        "made_by": group.maker,
        "made_at": group.made_at,
        "members": list(group.numbers),
        "admins": [member.number for member in group.members if member.is_admin],
        "addressing": group.addressing,
        "announcement": group.announcement,
        "locked": group.locked,
        "approval": group.approval,
        "disappears_after_s": group.ephemeral_s,
    }
