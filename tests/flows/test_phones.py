"""What the phones of a running stack write to each other, through the stack's one port."""

from random import Random

from infra.local.client import Phone, eventually


def test_a_file_larger_than_a_request_of_the_gateway_goes_from_phone_to_phone(stack, friend, number):
    other = Phone(stack, number).switch_on("Cleo")
    content = Random(11).randbytes(12_000_000)
    sent = friend.send(number, "document", file=friend.put(content), file_name="a.bin", caption="Ini")
    letter = eventually(lambda: other.letter(sent))
    assert (letter["type"], letter["content"]["caption"]) == ("document", "Ini")
    assert eventually(lambda: other.file(sent)) == content
    assert "Ini" not in stack.log()
