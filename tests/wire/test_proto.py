"""Our protobuf files, beside the client library's own descriptors of the same messages."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.wire.proto import MalformedMessage, handshake_pb2, message_pb2, parse, signal_pb2, sync_pb2
from chalicelib.wire.proto.message_pb2 import Message
from tests.worker.protos import messages as theirs

PROTO: Final = Path(__file__).parents[2] / "chalicelib/wire/proto"
PACKAGES: Final[dict[ModuleType, tuple[str, ...]]] = {
    handshake_pb2: ("WAWebProtobufsWa6", "WACert", "WAWebProtobufsCompanionReg", "WAAdv"),
    message_pb2: ("WAWebProtobufsE2E", "WACommon"),
    sync_pb2: (
        "WAWebProtobufsServerSync",
        "WAWebProtobufSyncAction",
        "WAWebProtobufsHistorySync",
        "WAWebProtobufsWeb",
        "WAWebProtobufsE2E",
        "WACommon",
    ),
}
"""Where the client library has the messages of each file. It has no descriptors of Signal's: it speaks them itself."""
OPAQUE: Final = {"OpaqueMessage": "Message", "OpaqueDeviceSentMessage": "DeviceSentMessage"}
"""Ours, and what they are on the wire; a message within them is bytes here."""
NEWER: Final = {
    f"switchboard.wire.DeviceProps.HistorySyncConfig.{name}"
    for name in (
        "supportGroupHistory",
        "onDemandReady",
        "supportGuestChat",
        "completeOnDemandReady",
        "thumbnailSyncDaysLimit",
        "initialSyncMaxMessagesPerChat",
        "supportManusHistory",
        "supportHatchHistory",
    )
}
"""Fields that the library's Go half knows and its Python half doesn't; what it registers with shows their numbers."""
OURS: Final = [
    descriptor for module in PACKAGES for descriptor in module.DESCRIPTOR.message_types_by_name.values()
]  # fmt: skip


@cache
def library() -> dict[str, DescriptorProto | EnumDescriptorProto]:
    """The library's messages and enums by full name, out of its files' text: not all of its modules can be imported."""
    spec = find_spec("neonize")
    assert spec
    assert spec.submodule_search_locations
    found: dict[str, DescriptorProto | EnumDescriptorProto] = {}

    def note(prefix: str, descriptor: Any) -> None:
        name = f"{prefix}.{descriptor.name}"
        found[name] = descriptor
        if isinstance(descriptor, DescriptorProto):
            for inner in (*descriptor.nested_type, *descriptor.enum_type):
                note(name, inner)

    for path in Path(spec.submodule_search_locations[0], "proto").glob("wa*/*_pb2.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("AddSerializedFile"):
                file = FileDescriptorProto.FromString(ast.literal_eval(node.args[0]))
                for descriptor in (*file.message_type, *file.enum_type):
                    note(file.package, descriptor)
    return found


def counterpart(ours: Any) -> Any:
    name = ours.full_name.removeprefix("switchboard.wire.")
    name = OPAQUE.get(name, name)
    module = next(module for module in PACKAGES if module.DESCRIPTOR.name == ours.file.name)
    found = [library()[full] for package in PACKAGES[module] if (full := f"{package}.{name}") in library()]
    assert len(found) == 1, ours.full_name
    return found[0]


def same_field(ours: Any, theirs: FieldDescriptorProto) -> None:
    label = {1: "optional", 2: "required", 3: "repeated"}[theirs.label]
    assert ("repeated" if ours.is_repeated else "required" if ours.is_required else "optional") == label
    assert ours.is_repeated or ours.has_presence
    if ours.full_name == "switchboard.wire.OpaqueDeviceSentMessage.message":
        assert (ours.type, theirs.type) == (FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_MESSAGE)
        return
    assert ours.type == theirs.type
    inner = ours.message_type or ours.enum_type
    if inner:
        assert theirs.type_name.split(".", 2)[2] == OPAQUE.get(inner.name, inner.full_name.split(".", 2)[2])


def below(descriptor: Descriptor) -> Iterator[Descriptor]:
    yield descriptor
    for inner in descriptor.nested_types:
        yield from below(inner)


@pytest.mark.parametrize("top", OURS, ids=lambda one: one.name)
def test_each_field_has_whatsapps_number_type_and_label(top: Descriptor) -> None:
    for ours in below(top):
        their = counterpart(ours)
        by_name = {field.name: field for field in their.field}
        for field in ours.fields:
            if field.full_name in NEWER:
                assert field.name not in by_name, "the library knows it by now: take it out of NEWER"
                continue
            assert field.number == by_name[field.name].number, field.full_name
            same_field(field, by_name[field.name])


def test_each_value_of_an_enum_has_whatsapps_number() -> None:
    enums = [enum for module in PACKAGES for enum in module.DESCRIPTOR.enum_types_by_name.values()]
    for top in OURS:
        enums += [enum for message in below(top) for enum in message.enum_types]
    assert len(enums) > 10
    for enum in enums:
        numbers = {value.name: value.number for value in counterpart(enum).value}
        for value in enum.values:
            assert numbers[value.name] == value.number, value.name


def test_the_comparison_finds_a_wrong_number_and_a_wrong_type() -> None:
    library_key = counterpart(message_pb2.MessageKey.DESCRIPTOR)
    told = {field.name: field for field in library_key.field}
    with pytest.raises(AssertionError):
        same_field(message_pb2.MessageKey.DESCRIPTOR.fields_by_name["ID"], told["fromMe"])


def filled(kind: Any, depth: int) -> Any:
    """A message with all its fields set, to this depth."""
    kinds = {number: name.removeprefix("TYPE_").lower() for name, number in FieldDescriptorProto.Type.items()}
    made = kind()
    for field in made.DESCRIPTOR.fields:
        if field.message_type:
            if not depth:
                continue
            value = filled(field.message_type._concrete_class, depth - 1)
        elif field.enum_type:
            value = field.enum_type.values[-1].number
        else:
            value = {"bool": True, "string": "é", "bytes": b"\0\xff", "double": 1.5, "float": 1.5}.get(
                kinds[field.type], 7
            )
        if field.is_repeated:
            getattr(made, field.name).extend([value, value])
        elif field.message_type:
            getattr(made, field.name).CopyFrom(value)
        else:
            setattr(made, field.name, value)
    return made


def test_the_library_reads_all_that_we_write_in_the_same_process_and_the_other_way() -> None:
    ours = filled(Message, 2)
    read = theirs.Message.FromString(ours.SerializeToString())
    assert MessageToDict(read) == MessageToDict(ours)
    assert Message.FromString(read.SerializeToString()) == ours


@pytest.mark.subprocess
def test_the_generated_files_are_what_the_proto_files_make(tmp_path: Path) -> None:
    root = PROTO.parents[2]
    protoc = Path(sys.executable).parent / "protoc"
    sources = [str(path.relative_to(root)) for path in PROTO.glob("*.proto")]
    where = [f"--python_out={tmp_path}", f"--pyi_out={tmp_path}"]
    subprocess.run([protoc, "--proto_path=.", *where, *sources], cwd=root, check=True)
    made = {path.name: path.read_text() for path in tmp_path.rglob("*_pb2.py*")}
    assert made == {path.name: path.read_text() for path in PROTO.glob("*_pb2.py*")}
    assert len(made) == 2 * len(sources)


@given(st.binary(max_size=200))
def test_of_nonsense_nothing_but_our_own_error_is_raised(data: bytes) -> None:
    for kind in (Message, handshake_pb2.ClientPayload, signal_pb2.PreKeySignalMessage, sync_pb2.HistorySync):
        with suppress(MalformedMessage):
            parse(kind, data)


def test_what_isnt_a_message_is_refused() -> None:
    deep = inner = Message()
    for _ in range(60):
        inner = inner.ephemeralMessage.message
    inner.conversation = "deep down"
    for wrong in (b"\xff", b"\x0a\x02\xff\xfe", b"\x0a\x7f", deep.SerializeToString()):
        with pytest.raises(MalformedMessage) as refused:
            parse(Message, wrong)
        assert "deep" not in str(refused.value)
    with pytest.raises(MalformedMessage):
        parse(sync_pb2.WebMessageInfo, b"")  # without the key, which is required


def test_unknown_fields_are_kept_and_presence_is_told() -> None:
    unknown = b"\xc2\x3e\x01a"
    assert parse(Message, unknown).SerializeToString() == unknown
    assert parse(signal_pb2.PreKeySignalMessage, b"\x08\x00").HasField("preKeyId")
    assert not parse(signal_pb2.PreKeySignalMessage, b"").HasField("preKeyId")
