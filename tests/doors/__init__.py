"""The doors over the real adapters and moto's AWS: what hangs together from the request to the table."""
