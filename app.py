"""The root of the Lambda functions: makes the Chalice app and registers its routes, WebSockets and triggers."""

import gc

# A cold start makes many objects and hardly any garbage: looking for some takes a tenth of its time.
gc.disable()

from typing import Any, Final

from chalice.app import Chalice

from chalicelib.api import about, page
from chalicelib.api.gateway import families, serve
from chalicelib.api.sockets import sockets
from chalicelib.services.correlation import name_requests_in_logs
from chalicelib.triggers import triggers

WORKING: Final = (about.router, page.router, *families())
ROUTERS: Final = (*WORKING, about.describe(WORKING))

name_requests_in_logs()
app = Chalice(app_name="switchboard")
app.experimental_feature_flags.update(["WEBSOCKETS"])
serve(app, ROUTERS)
app.register_blueprint(sockets)
app.register_blueprint(triggers)
# What is there by now stays: later collections leave it out.
gc.freeze()
gc.enable()


@app.lambda_function(name="polls")
def on_poll(event: dict[str, Any], context: Any) -> Any:
    """Socket.IO's polls: the same app in a function of its own, to which the template leads them.

    They wait, and so their number is bounded apart from that of all other calls.
    """
    return app(event, context)
