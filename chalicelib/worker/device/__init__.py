"""The linked device's directory: its database, copied and kept on the disk."""
