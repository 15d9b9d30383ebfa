"""The only code that knows AWS and the libraries behind the ports. Foreign errors are translated here."""
