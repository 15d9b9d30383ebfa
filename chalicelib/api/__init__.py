"""The HTTP and WebSocket APIs: paths, headers and credentials. No rule and no wire shape lives here.

Each dialect with routes has a package here of the dialect's name: its ``ROUTERS``, its request bodies, and examples for
the API's description. What the families share lies beside the packages.
"""
