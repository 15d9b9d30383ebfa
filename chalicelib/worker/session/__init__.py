"""One session as its worker serves it: lease, device, client, messages, shutdown. Holds no state of the process."""
