"""What a linked session does: sends go out, questions are answered, messages come in."""
