"""The API's description: OpenAPI 3.1 and a page to read, both made from what the routes declare.

Nothing here is loaded before somebody asks for it, and nothing here is asked when a request is answered.
"""
