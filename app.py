"""The root of the Lambda functions: makes the Chalice app and registers its doors."""

from typing import Any, Final

from chalice.app import Chalice

from chalicelib.api import health
from chalicelib.api.bare import routes as bare
from chalicelib.api.company import routes as company
from chalicelib.api.description.served import describe
from chalicelib.api.enveloped import accounts, tickets
from chalicelib.api.enveloped import routes as enveloped
from chalicelib.api.gateway import answer_anything, answer_head, let_pages_ask
from chalicelib.api.letsbot import routes as letsbot
from chalicelib.api.socketio import engine
from chalicelib.api.socketio import routes as socketio
from chalicelib.api.sockets import sockets
from chalicelib.triggers import triggers

WORKING: Final = (
    health.router,
    enveloped.router,
    accounts.router,
    tickets.router,
    bare.router,
    engine.router,
    socketio.router,
    letsbot.router,
    company.router,
)
ROUTERS: Final = (*WORKING, describe(WORKING))

app = Chalice(app_name="switchboard")
app.experimental_feature_flags.update(["WEBSOCKETS"])
answer_anything(app)
for router in ROUTERS:
    app.register_blueprint(router.blueprint)
answer_head(app)
let_pages_ask(app)
app.register_blueprint(sockets)
app.register_blueprint(triggers)


@app.lambda_function(name="polls")
def on_poll(event: dict[str, Any], context: Any) -> Any:
    """Socket.IO's polls: the same app in a function of its own, to which the template leads them.

    They wait, and so their number is bounded apart from that of all other calls.
    """
    return app(event, context)
