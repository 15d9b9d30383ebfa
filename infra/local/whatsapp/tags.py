"""The byte values that introduce each kind of value in a binary stanza, and the packed alphabets."""

LIST_EMPTY = 0
DICTIONARY_0 = 236
INTEROP_JID = 245
FB_JID = 246
AD_JID = 247
LIST_8 = 248
LIST_16 = 249
JID_PAIR = 250
HEX_8 = 251
BINARY_8 = 252
BINARY_20 = 253
BINARY_32 = 254
NIBBLE_8 = 255

NIBBLES = "0123456789-."
HEX_DIGITS = "0123456789ABCDEF"
PACKED_LIMIT = 127  # characters: the count is 7 bits
FILLER = 15  # the second half of an odd text's last byte

AD_DOMAINS = {"s.whatsapp.net": 0, "lid": 1, "hosted": 128, "hosted.lid": 129}
"""The byte that stands for the server in an address with a device."""

COMPRESSED = 2
"""Flag in a stanza's first byte: the rest is zlib."""
