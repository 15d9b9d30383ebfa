"""The page, in a real browser on the real stack.

A test asks for ``page`` (signed in as the administrator of a tenant of its own, ``tenant``), or for ``open_page`` to say
who looks, how and where: ``open_page("#/sessions/cafe", Looking(theme="dark", width=360), token=reader.token)``. An error
on the console, a thrown one, a breach of the page's policy or a request that gets no answer fails the test, unless it is
``allowing`` it (``allowing=["status of 409"]``).

- ``seeing``: ``camera`` reads the code on the screen (``scan`` has a virtual phone scan it), ``accessible`` has axe-core
  look at both themes, ``pictured`` keeps a state in ``out/page/`` at 360 and 1280 px in both themes, ``living`` tells what
  goes on in a page that was opened ``counted``, ``soon`` waits for something outside the page.
- ``tenants``: ``somebody`` adds a user with a role, ``fill`` makes many sessions; ``crowded`` is a tenant with 500.
- ``relay``: the stack by a name that is no secure context, with WebSockets that can be cut.
"""
