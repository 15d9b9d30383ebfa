"""Answers a device that brings its settings up to date: the name its account shows, and nothing else."""

import json

from infra.local.whatsapp.accounts import Account
from infra.local.whatsapp.app_state.keys import SettingsKey
from infra.local.whatsapp.app_state.patch import FIRST, Setting, first_patch
from infra.local.whatsapp.client import Client
from infra.local.whatsapp.clock import now_ms
from infra.local.whatsapp.node import Node
from infra.local.whatsapp.protobuf import Message

_WITH_NAME = "critical_block"
# SyncActionValue and its PushNameSetting
_TIMESTAMP, _PUSH_NAME = 1, 7
_NAME = 1
_NAME_VERSION = 1


async def answer(client: Client, query: Node) -> None:
    """Each collection that was asked for; what a device writes itself is taken and forgotten."""
    asked = query.get("sync").named("collection")
    collections = tuple(_collection(client.account, one) for one in asked)
    await client.connection.reply(query, Node("sync", {}, collections))


def _collection(account: Account, asked: Node) -> Node:
    name, version = asked.text("name"), int(asked.text("version") or 0)
    if name != _WITH_NAME or version >= FIRST:
        return Node("collection", {"name": name, "version": str(version)})
    patch = first_patch(name, _push_name(account), SettingsKey.of(account))
    patches = Node("patches", {}, (Node("patch", {}, patch),))
    return Node("collection", {"name": name, "version": str(FIRST)}, (patches,))


def _push_name(account: Account) -> Setting:
    value = Message.of({_TIMESTAMP: now_ms(), _PUSH_NAME: Message.of({_NAME: account.name})})
    return Setting(json.dumps(["setting_pushName"]).encode(), value, _NAME_VERSION)
