"""The phones' commands for chatting, against a running loopback WhatsApp."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.local.test_phone import CommandLine, fronted
from tests.whatsapp_server.devices import loopback

pytestmark = pytest.mark.subprocess

ANA, BO = "6281234567890", "628111111111"


@asynccontextmanager
async def phones(tmp_path: Path) -> AsyncIterator[CommandLine]:
    async with loopback(tmp_path / "wa") as wa, fronted(wa.whatsapp) as port:
        yield CommandLine(tmp_path, PORT=str(port), TZ="UTC")


def test_two_phones_chat_on_the_command_line(tmp_path: Path) -> None:
    async def story() -> None:
        async with phones(tmp_path) as phone:
            assert (await phone("add", f"+{BO}", "--name", "Bo")).out == f"{BO} is on WhatsApp as Bo.\n"
            assert (await phone("inbox", BO)).out == f"{BO} has no messages yet.\n"
            said = await phone("say", "--from", ANA, "--to", BO, "Halo, Bo! 👋")
            assert said.code == 0
            assert said.out.startswith(f"{ANA} has sent {BO} the message ")
            await phone("say", "--from", BO, "--to", ANA, "two\nlines \x1b[31m")
            assert (await phone("read", BO)).out == f"{BO} has read 1 message.\n"
            assert (await phone("read", BO)).out == f"{BO} has read 0 messages.\n"
            lines = (await phone("inbox", ANA)).out.splitlines()
            assert lines[0].endswith(f"  to {BO} (read): Halo, Bo! 👋")
            assert lines[1].endswith(f"  from {BO} (delivered): two")
            assert lines[2] == "    lines \N{REPLACEMENT CHARACTER}[31m"

    asyncio.run(story())


def test_a_phone_makes_a_group_on_the_command_line(tmp_path: Path) -> None:
    async def story() -> None:
        async with phones(tmp_path) as phone:
            await phone("add", BO)
            made = await phone("group", ANA, "--name", "Kopi", "--topic", "Jam 9", "--with", f"+{BO},{ANA}")
            assert (made.code, made.out.startswith(f"{ANA} has made the group 120363")) == (0, True)
            assert made.out.endswith("@g.us of 2 phones.\n")
            assert (await phone("group", BO, "--name", "Alone")).out.endswith("@g.us of 1 phone.\n")
            stranger = await phone("group", ANA, "--name", "Kopi", "--with", "628999999999")
            assert (stranger.code, stranger.err) == (1, "No phone has the number 628999999999 here.\n")

    asyncio.run(story())


def test_what_cant_be_sent_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        async with phones(tmp_path) as phone:
            nobody = await phone("say", "--from", ANA, "--to", BO, "hello")
            assert (nobody.code, nobody.out, nobody.err) == (1, "", f"{BO} is not on this WhatsApp.\n")
            stranger = await phone("inbox", ANA)
            assert (stranger.code, stranger.err) == (1, f"No phone has the number {ANA} here.\n")
            await phone("add", BO)
            assert (await phone("say", "--from", ANA, "--to", BO, "")).err == "text is missing.\n"
            assert (await phone("say", "--from", "0812", "--to", BO, "hello")).err.startswith("That is no phone number")

    asyncio.run(story())


def test_what_is_no_text_is_sent_on_the_command_line(tmp_path: Path) -> None:
    async def story() -> None:
        async with phones(tmp_path) as phone:
            await phone("add", BO)
            chat = ("--from", ANA, "--to", BO)
            said = (await phone("say", *chat, "Jam sembilan")).out.split()[-1].rstrip(".")
            for words in (
                ("reply", *chat, "--id", said, "Setuju"),
                ("edit", *chat, "--id", said, "Jam sepuluh"),
                ("react", *chat, "--id", said, "\N{THUMBS UP SIGN}"),
                ("react", *chat, "--id", said, ""),
                ("locate", *chat, "--latitude", "-6.17", "--longitude", "106.8", "--name", "Monas"),
                ("document", *chat, "--file-name", "a.pdf"),
                ("delete", *chat, "--id", said),
            ):
                sent = await phone(*words)
                assert (sent.code, sent.err) == (0, "")
                assert sent.out.startswith(f"{ANA} has sent {BO} the message 3A")
            foreign = await phone("edit", "--from", BO, "--to", ANA, "--id", said, "no")
            assert (foreign.code, foreign.err) == (1, f"{BO} didn't write that message.\n")
            unknown = await phone("delete", *chat, "--id", "3A00")
            assert (unknown.code, unknown.err) == (1, f"{ANA} has no such message in its chat with {BO}.\n")

    asyncio.run(story())


def test_a_group_is_led_and_written_in_on_the_command_line(tmp_path: Path) -> None:
    cleo, dee = "628222222222", "628333333333"

    async def story() -> None:
        async with phones(tmp_path) as phone:
            for number in (BO, cleo):
                await phone("add", number)
            assert (await phone("groups", BO)).out == f"{BO} is in no group.\n"
            made = await phone("group", ANA, "--name", "Kopi", "--with", BO, "--addressing", "pn")
            group = made.out.split()[5]
            led = ("--from", ANA, "--group", group)
            for verb, words, told in (
                ("group-add", (cleo,), f"has added to {group}: {cleo}"),
                ("group-promote", (BO, cleo), f"has made admins in {group}: {BO} {cleo}"),
                ("group-demote", (BO,), f"has made mere members in {group}: {BO}"),
                ("group-name", ("Teh",), f"has renamed {group}: Teh"),
                ("group-topic", ("Jam 9",), f"has described {group}: Jam 9"),
                ("group-announce", ("on",), f"has set who writes in {group}: on"),
                ("group-lock", ("on",), f"has set who changes {group}: on"),
                ("group-disappear", ("86400",), f"has set the timer of {group}: 86400"),
            ):
                done = await phone(verb, *led, *words)
                assert (done.code, done.err, done.out) == (0, "", f"{ANA} {told}\n")
            assert (
                await phone("say", "--from", BO, "--to", group, "hello")
            ).err == "Only admins write in this group.\n"
            await phone("group-announce", *led, "off")
            assert (await phone("say", "--from", BO, "--to", group, "hello")).out.startswith(
                f"{BO} has sent {group} the"
            )
            assert (await phone("inbox", cleo)).out.endswith(f"  from {BO} in {group} (delivered): hello\n")
            assert (await phone("inbox", BO)).out.endswith(f"  to {group} (delivered): hello\n")
            link = (await phone("group-invite", *led)).out.strip()
            assert (await phone("group-join", "--from", dee, link)).out == f"{dee} has joined {group}.\n"
            assert (await phone("group-invite", *led, "--renew")).out.strip() != link
            assert (await phone("group-join", "--from", "628444444444", link)).err == "The invitation was revoked.\n"
            assert (await phone("group-approval", *led, "on")).out == f"{ANA} has set who is let into {group}: on\n"
            link = (await phone("group-invite", *led)).out.strip()
            waits = f"628555555555 waits to be let into {group}.\n"
            assert (await phone("group-join", "--from", "628555555555", link)).out == waits
            assert (
                await phone("group-approve", *led, "628555555555")
            ).out == f"{ANA} has let into {group}: 628555555555\n"
            assert (await phone("group-reject", *led, dee)).err == f"Not changed: {dee} (no such member)\n"
            assert (await phone("group-remove", *led, BO, "628555555555")).code == 0
            again = await phone("group-remove", *led, BO, cleo)
            assert (again.code, again.err) == (1, f"Not changed: {BO} (no such member)\n")
            assert (await phone("group-leave", "--from", dee, "--group", group)).out == f"{dee} has left {group}.\n"
            assert (await phone("groups", ANA)).out == f"{group} Teh (locked)\n  {ANA} (admin)\n"
            assert (await phone("group-leave", "--from", dee, "--group", group)).err == f"{dee} isn't in the group.\n"

    asyncio.run(story())
