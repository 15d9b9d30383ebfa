"""How Switchboard is deployed, and how it runs on one machine. Nothing in production imports from here."""
