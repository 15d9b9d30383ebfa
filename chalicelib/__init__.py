"""Switchboard's production code, in layers; an arrow reads "may import".

    api | triggers | worker  ->  bootstrap  ->  services | adapters  ->  dialects  ->  domain | config

``domain`` decides and touches nothing, ``services`` do what the gateway does through ports, ``adapters`` are the
only code that knows AWS, ``dialects`` know wire shapes, and ``api``, ``triggers`` and ``worker`` are the
entry points: HTTP and WebSocket calls, AWS's events, a Fargate task.
The contracts in pyproject.toml hold this map against the imports.
"""

__version__ = "1.0.0"
"""The one place that says it: the API's answers, its description and pyproject.toml take it from here."""
