"""What goes through a linked session: messages out and in, and questions, on both sides of the table."""
