"""The whole gateway in this process, over the real adapters and moto's AWS: from the request to the table."""
