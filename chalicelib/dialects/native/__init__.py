"""Wire shapes of Switchboard's own API."""
