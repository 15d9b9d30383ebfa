"""Linking a device: codes, in rounds; and who replaced whom."""
