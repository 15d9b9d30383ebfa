"""What can go wrong when somebody uses a virtual phone.

PhoneError
├── BadRequest          the request itself is wrong
├── WrongNumber         no phone number in international form
├── ForeignCode         no linking code of this WhatsApp
├── ExpiredCode         a code that is no longer shown, or was used
├── NothingToSee        no QR code in a picture, or no picture
├── UnknownPhone        nobody has this number, or it has no such device
├── UnknownMessage      the phone has no such message in that chat
├── UnknownFile         no such file was uploaded
├── UnknownCall         the phone has no such call that rings
├── NotOnline           no device of it is connected
├── NothingWaits        no client shows a code
├── WrongCode           the device that waits shows another code
├── RefusedByDevice     the device didn't accept the phone's signature
├── NoAnswer            the device went away before it answered
├── PasskeyRequired     WhatsApp asks for a passkey first
├── NoPasskey           the phone has no passkey
├── NoCeremony          the phone doesn't link a device with a passkey
└── GroupRefused        WhatsApp refuses it in a group; `status` is its own code, `text` its own word
    ├── UnknownGroup        404: there is no such group
    ├── NotAMember          403: who acts isn't in the group
    ├── NotAnAdmin          403: it is for admins
    ├── InviteForbidden     401: the link is for admins
    ├── InvitePointsNowhere 406: there is no such invitation
    ├── InviteRevoked       410: the invitation was revoked
    ├── TooLong             406: the subject or the description is too long
    └── GroupConflict       409: somebody was quicker, or it is so already
"""


class PhoneError(Exception):
    """A sentence for a person, a stable code and an HTTP status."""

    code = "phone_error"
    status = 409


class BadRequest(PhoneError):
    """The request itself is wrong."""

    code = "bad_request"
    status = 400


class WrongNumber(PhoneError):
    """No phone number in international form."""

    code = "wrong_number"
    status = 400


class ForeignCode(PhoneError):
    """No linking code of this WhatsApp."""

    code = "foreign_code"
    status = 400


class ExpiredCode(PhoneError):
    """A code that is no longer shown, or was used."""

    code = "expired_code"
    status = 410


class NothingToSee(PhoneError):
    """There is no QR code in a picture, or it is none."""

    code = "nothing_to_see"
    status = 422


class UnknownPhone(PhoneError):
    """Nobody has this number, or it has no such device."""

    code = "unknown_phone"
    status = 404


class UnknownMessage(PhoneError):
    """The phone has no such message in that chat, or it isn't the phone's own."""

    code = "unknown_message"
    status = 404


class UnknownFile(PhoneError):
    """No such file was uploaded."""

    code = "unknown_file"
    status = 404


class UnknownCall(PhoneError):
    """The phone has no such call that rings."""

    code = "unknown_call"
    status = 404


class NotOnline(PhoneError):
    """No device of it is connected."""

    code = "not_online"


class NothingWaits(PhoneError):
    """No client shows a code."""

    code = "nothing_waits"


class WrongCode(PhoneError):
    """The device that waits shows another code than was typed."""

    code = "wrong_code"


class RefusedByDevice(PhoneError):
    """The device didn't accept the phone's signature."""

    code = "refused_by_device"


class NoAnswer(PhoneError):
    """The device went away before it answered."""

    code = "no_answer"


class PasskeyRequired(PhoneError):
    """WhatsApp asks for a passkey first."""

    code = "passkey_required"


class NoPasskey(PhoneError):
    """The phone has no passkey."""

    code = "no_passkey"
    status = 404


class NoCeremony(PhoneError):
    """The phone doesn't link a device with a passkey."""

    code = "no_ceremony"
    status = 404


class GroupRefused(PhoneError):
    """WhatsApp refuses it in a group; `text` is what WhatsApp calls the code."""

    text = "bad-request"


class UnknownGroup(GroupRefused):
    """There is no such group."""

    code = "unknown_group"
    status = 404
    text = "item-not-found"


class NotAMember(GroupRefused):
    """Who acts isn't in the group."""

    code = "not_a_member"
    status = 403
    text = "forbidden"


class NotAnAdmin(GroupRefused):
    """It is for admins."""

    code = "not_an_admin"
    status = 403
    text = "forbidden"


class InviteForbidden(GroupRefused):
    """The link is for admins."""

    code = "invite_forbidden"
    status = 401
    text = "not-authorized"


class InvitePointsNowhere(GroupRefused):
    """There is no such invitation."""

    code = "unknown_invite"
    status = 406
    text = "not-acceptable"


class InviteRevoked(GroupRefused):
    """The invitation was revoked."""

    code = "invite_revoked"
    status = 410
    text = "gone"


class TooLong(GroupRefused):
    """The subject or the description is too long."""

    code = "too_long"
    status = 406
    text = "not-acceptable"


class GroupConflict(GroupRefused):
    """The group was changed meanwhile, or already is as asked."""

    code = "group_conflict"
    status = 409
    text = "conflict"
