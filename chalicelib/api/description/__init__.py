"""The API's description as OpenAPI 3.1, made from what the routes declare; the reference at ``/docs`` shows it.

Nothing here is loaded before somebody asks for it, and nothing here is asked when a request is answered.
"""
