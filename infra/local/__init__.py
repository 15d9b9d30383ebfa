"""AWS and WhatsApp, played from outside on one machine. Production code never imports this package, nor knows of it."""
