"""What the real client does about groups, for `raw_client.py`: one function an act, each given its JSON arguments."""

import threading
from collections.abc import Callable
from typing import Any

from neonize import events
from neonize.client import NewClient
from neonize.utils.enum import ChatPresence, ChatPresenceMedia, ParticipantChange, ReceiptType
from neonize.utils.jid import Jid2String, JIDToNonAD, build_jid

Say = Callable[..., None]


def jid(text: str) -> Any:
    user, _, server = text.partition("@")
    return build_jid(user, server or "s.whatsapp.net")


def names(found: Any) -> list[str]:
    return [Jid2String(JIDToNonAD(one)) for one in found]


def described(info: Any) -> dict[str, object]:
    return {
        "jid": Jid2String(info.JID),
        "subject": info.GroupName.Name,
        "description": info.GroupTopic.Topic,
        "owner": Jid2String(info.OwnerJID),
        "announcement": info.GroupAnnounce.IsAnnounce,
        "locked": info.GroupLocked.isLocked,
        "timer": info.GroupEphemeral.DisappearingTimer,
        "members": names(one.JID for one in info.Participants if not one.Error),
        "phones": names(one.PhoneNumber for one in info.Participants if not one.Error),
        "errors": [[Jid2String(one.JID), one.Error] for one in info.Participants if one.Error],
        "admins": names(one.JID for one in info.Participants if one.IsAdmin),
    }


def members(client: NewClient, action: ParticipantChange) -> Callable[..., object]:
    def change(group: str, members: list[str]) -> object:
        changed = client.update_group_participants(jid(group), [jid(one) for one in members], action)
        return [
            [Jid2String(one.JID), one.Error, *([one.AddRequest.Code] if one.AddRequest.Code else [])] for one in changed
        ]

    return change


def acts(client: NewClient) -> dict[str, Callable[..., object]]:
    return {
        "create": lambda subject, members: described(client.create_group(subject, [jid(one) for one in members])),
        "info": lambda group: described(client.get_group_info(jid(group))),
        "say": lambda group, text: client.send_message(jid(group), text).ID,
        "revoke": lambda group, author, id: client.revoke_message(jid(group), jid(author), id).ID,  # noqa: A006
        "read": lambda group, sender, id: client.mark_read(  # noqa: A006
            id, chat=jid(group), sender=jid(sender), receipt=ReceiptType.READ
        ),
        "type": lambda group, state: client.send_chat_presence(
            jid(group), ChatPresence[state], ChatPresenceMedia.CHAT_PRESENCE_MEDIA_TEXT
        ),
        "add": members(client, ParticipantChange.ADD),
        "remove": members(client, ParticipantChange.REMOVE),
        "promote": members(client, ParticipantChange.PROMOTE),
        "demote": members(client, ParticipantChange.DEMOTE),
        "subject": lambda group, subject: client.set_group_name(jid(group), subject),
        "describe": lambda group, text: client.set_group_topic(jid(group), "", "", text),
        "announce": lambda group, on: client.set_group_announce(jid(group), on),
        "lock": lambda group, on: client.set_group_locked(jid(group), on),
        "timer": lambda group, seconds: client.set_disappearing_timer(jid(group), seconds * 10**9),
        "link": lambda group, renew=False: client.get_group_invite_link(jid(group), renew),
        "preview": lambda code: described(client.get_group_info_from_link(code)),
        "join": lambda code: Jid2String(client.join_group_with_link(code)),
        "leave": lambda group: client.leave_group(jid(group)),
        "requests": lambda group: names(one.Participant for one in client.get_group_request_participants(jid(group))),
        "accept": lambda group, by, code, ends: client.join_group_with_invite(jid(group), jid(by), code, ends),
        "subgroups": lambda group: list(client.get_sub_groups(jid(group))),
    }


def do(client: NewClient, act: str, arguments: dict[str, Any], say: Say) -> None:
    """Do it in a thread of its own, so that a slow one keeps nothing waiting; say what came of it."""

    def run() -> None:
        try:
            result = acts(client)[act](**arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shall hear of it
            say("group_done", act=act, error=f"{type(error).__name__}: {error}")
        else:
            say("group_done", act=act, result=result, error=None)

    threading.Thread(target=run, daemon=True).start()


def tell(client: NewClient, say: Say) -> None:
    """Have the events of groups told."""
    client.event(events.JoinedGroupEv)(
        lambda _client, event: say("joined_group", reason=event.Reason, **described(event.GroupInfo))
    )
    client.event(events.GroupInfoEv)(lambda _client, event: say("group_changed", **changed(event)))


def changed(event: Any) -> dict[str, object]:
    """What a notice says has changed, beside the group and who did it."""
    lists = {name.lower(): names(getattr(event, name)) for name in ("Join", "Leave", "Promote", "Demote")}
    found: dict[str, object] = {name: value for name, value in lists.items() if value}
    if event.HasField("Name"):
        found["subject"] = event.Name.Name
    if event.HasField("Topic"):
        found["description"] = event.Topic.Topic
    if event.HasField("Announce"):
        found["announcement"] = event.Announce.IsAnnounce
    if event.HasField("Locked"):
        found["locked"] = event.Locked.isLocked
    if event.HasField("Ephemeral"):
        found["timer"] = event.Ephemeral.DisappearingTimer
    if event.NewInviteLink:
        found["link"] = event.NewInviteLink
    return {"group": Jid2String(event.JID), "by": Jid2String(event.Sender), "what": found}
