"""Examples of the native API's answers, by their types, and of its requests' bodies."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from chalicelib.api.description.samples import CODE, MESSAGE, NOW, SCANNING, SESSION
from chalicelib.api.native import drafts
from chalicelib.api.native import messages as message_routes
from chalicelib.api.native.events import NativeNewTicket
from chalicelib.api.native.invitations import NativeCompany, NativeInvitation, NativeInvitationSecret
from chalicelib.api.native.linking import (
    NativeAssertion,
    NativeAssertionResponse,
    NativeConfirmation,
    NativePairing,
    NativePasskey,
)
from chalicelib.api.native.media import NativeUpload
from chalicelib.api.native.sessions import NativeProxy, NativeSession, NativeSessionChange, NativeWebhook
from chalicelib.dialects.native import events, invitations, linking, me, media, messages, sessions, timeline
from chalicelib.dialects.native.answers import NativePageJson, page
from chalicelib.domain.access import Principal, Role
from chalicelib.domain.chats import LastMessages
from chalicelib.domain.events import Connected, Envelope, WorkerClaimed
from chalicelib.domain.invitations import LASTS, Invitation, InvitationState
from chalicelib.domain.media import UPLOAD_TAKES, MediaFile, MediaState
from chalicelib.domain.messages import Direction, Party, Receipt
from chalicelib.domain.proxy import ProxyType
from chalicelib.domain.session import PasskeyDemand, PasskeyStep, ShownPairingCode

_RECEIPT: Final = Receipt(Party("628987654321", "200000000000002"), delivered_at=NOW + 900, read_at=NOW + 5_000)
FILE: Final = MediaFile(
    uid="01KDVM3W00SESSION0000000A1",
    id="md_01KDVM3W00MEDIA000000000A1",
    tenant="default",
    session=SESSION.id,
    direction=Direction.OUTBOUND,
    state=MediaState.PENDING,
    created_at=NOW,
    expires_at=NOW + UPLOAD_TAKES,
    mimetype="application/pdf",
    file_name="bill.pdf",
)
_TO: Final = drafts.NativeTo(phone="+62 898-7654-321")
_GROUP: Final = drafts.NativeTo(chat_id="120363020310020819@g.us")
_EVENT: Final = events.event(
    Envelope(
        "01KDVM3W00EVENT00000000A1",
        Connected.type,
        "default",
        SESSION.id,
        SESSION.uid,
        NOW,
        f"2026-01-01T00:00:00.000#{700000000012345678901:040}",
        {"status": "CONNECTED", "phone": "6281234567890", "phone_mismatch": False},
    )
)
_CHAT: Final = messages.chat(MESSAGE.chat, lid="200000000000002@lid", name="Ben", unread=2, last=MESSAGE)
_CLAIMED: Final = timeline.entry(
    Envelope(
        "01KDVM3W00EVENT00000000A2",
        WorkerClaimed.type,
        "default",
        SESSION.id,
        SESSION.uid,
        NOW,
        f"2026-01-01T00:00:00.000#{700000000012345678902:040}",
        {
            "status": "STARTING",
            "reason": "requested",
            "message": "As its owner asked.",
            "worker": {
                "id": f"{SESSION.uid}-1",
                "epoch": 1,
                "since": NOW,
                "standby": False,
                "on_demand": False,
                "task": "switchboard-worker:7",
            },
        },
    )
)
_PAIRING_CODE: Final = ShownPairingCode("K7QH-2VXM", "6281234567890", NOW + 180_000)
_PASSKEY: Final = PasskeyDemand("", NOW + 180_000, PasskeyStep.CONFIRM)
INVITATION: Final = Invitation(
    id="01KDVM3W00INVITATION0000A1",
    uid=SCANNING.uid,
    tenant="default",
    session=SCANNING.id,
    created_at=NOW,
    expires_at=NOW + LASTS,
    maker="admin",
    company="Shop",
    secret_hash="",
    colour="#0a7c6b",
    language="pt",
)
_OPEN: Final = InvitationState.OPEN
ANSWERS: Final[Mapping[Any, Any]] = {
    sessions.NativeSessionJson: sessions.session(SESSION, last=LastMessages(NOW, NOW)),
    NativePageJson[sessions.NativeSessionJson]: page([sessions.session(SESSION)], None),
    NativePageJson[events.NativeEventJson]: page([_EVENT], _EVENT["cursor"]),
    me.NativeCallerJson: me.caller(Principal("ana", "default", Role.MEMBER, NOW + 86_400_000)),
    NativePageJson[timeline.NativeTimelineEntryJson]: page([_CLAIMED], None),
    events.NativeTicketJson: events.ticket("wst_dGlja2V0…", NOW + 60_000),
    sessions.NativeCodeJson: sessions.code(SCANNING, CODE, NOW),
    linking.NativePairingCodeJson: linking.pairing_code(SCANNING, _PAIRING_CODE),
    linking.NativeConfirmationJson: linking.confirmation(SCANNING, _PASSKEY, "MJCE-ENTJ"),
    invitations.NativeNewInvitationJson: invitations.new(
        INVITATION, _OPEN, "inv_01KDVM3W00SESSION0000000A1.01KD…", gateway="https://gateway.example.com"
    ),
    invitations.NativeInvitationJson: invitations.invitation(INVITATION, _OPEN),
    NativePageJson[invitations.NativeInvitationJson]: page([invitations.invitation(INVITATION, _OPEN)], None),
    invitations.NativeLinkingTokenJson: invitations.exchanged(INVITATION, SCANNING, "lnk_01KDVM3W00SESSION0000000A1.…"),
    messages.NativeMessageJson: messages.message(MESSAGE),
    NativePageJson[messages.NativeMessageJson]: page([messages.message(MESSAGE)], MESSAGE.id),
    messages.NativeReadJson: messages.read(MESSAGE, 0),
    NativePageJson[messages.NativeReceiptJson]: page([messages.receipt(_RECEIPT)], None),
    message_routes.NativePresenceJson: {"state": "typing", "chat_id": MESSAGE.chat},
    NativePageJson[messages.NativeChatJson]: page([_CHAT], MESSAGE.id),
    media.NativeMediaJson: media.announced(FILE, "https://files.example.com/", {"key": FILE.upload_key}),
    media.NativeMediaDeletionJson: media.deletion(FILE),
    sessions.NativeDeletionJson: sessions.deletion(SESSION.id, gone=True, reason=None),
}
BODIES: Final[tuple[msgspec.Struct, ...]] = (
    NativeNewTicket(session=SESSION.id),
    NativeSession(id="shop.7", name="Shop", webhook=NativeWebhook("https://example.com/hook")),
    NativeSessionChange(
        name="Shop",
        proxy=NativeProxy(ProxyType.SOCKS5, "proxy.example.com", 1080, "shop", "a password"),
        metadata={"branch": "7"},
    ),
    NativePairing(phone="+62 812-3456-7890"),
    NativePasskey(
        NativeAssertion(
            id="q83vEjRWeJCrze8SNFZ4kA",
            response=NativeAssertionResponse(
                clientDataJSON="eyJ0eXBlIjoid2ViYXV0aG4uZ2V0Ii4uLn0",
                authenticatorData="QCsqVPkw",
                signature="MEUCIQDx",
            ),
        )
    ),
    NativeConfirmation(same=True),
    NativeInvitation(company=NativeCompany("Shop", "#0a7c6b"), language="pt"),
    NativeInvitationSecret("inv_01KDVM3W00SESSION0000000A1.01KD…"),
    NativeUpload(mimetype="application/pdf", size=48_211, file_name="bill.pdf"),
    drafts.NativeTextDraft(to=_TO, text=drafts.NativeText(body="Your order is on its way."), client_ref="order-17"),
    drafts.NativeImageDraft(
        to=_GROUP, image=drafts.NativeImage(link="https://example.com/plan.png", caption="Plan"), reply_to=MESSAGE.id
    ),
    drafts.NativeVideoDraft(to=_TO, video=drafts.NativeVideo(link="https://example.com/tour.mp4")),
    drafts.NativeStickerDraft(to=_TO, sticker=drafts.NativeSticker(link="https://example.com/hi.webp")),
    drafts.NativeAudioDraft(to=_TO, audio=drafts.NativeAudio(link="https://example.com/a.ogg", voice=True)),
    drafts.NativeDocumentDraft(
        to=_TO, document=drafts.NativeDocument(link="https://example.com/bill.pdf", file_name="bill.pdf")
    ),
    drafts.NativeLocationDraft(to=_TO, location=drafts.NativeLocation(latitude=-6.2, longitude=106.8, name="Office")),
    drafts.NativeContactDraft(
        to=_TO, contact=drafts.NativeContacts(contacts=[drafts.NativeContactCard(name="Ben", phone="+628987654321")])
    ),
    drafts.NativePollDraft(to=_GROUP, poll=drafts.NativePoll(question="When?", options=["Mon", "Tue"], selectable=1)),
    drafts.NativeTimerDraft(to=_TO, timer=drafts.NativeTimer(seconds=604_800)),
    drafts.NativeForwardDraft(to=_TO, forward=drafts.NativeForward(message_id=MESSAGE.id)),
    drafts.NativeReactionDraft(reaction=drafts.NativeReaction(message_id=MESSAGE.id, emoji="👍")),
    drafts.NativePollVoteDraft(poll_vote=drafts.NativePollVote(message_id=MESSAGE.id, options=["Tue"])),
    drafts.NativeButtonsDraft(),
    drafts.NativeListDraft(),
    drafts.NativeTemplateDraft(),
    drafts.NativeInteractiveDraft(),
    message_routes.NativeEdit(message_routes.NativeWords("Your order arrives today.")),
    message_routes.NativeEmoji("👍"),
    message_routes.NativeRead(),
    message_routes.NativePresence(state="typing", to=_TO),
)
