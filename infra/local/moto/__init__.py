"""moto, changed from inside: what its services skip, mangle or do too slowly for the local stack."""
