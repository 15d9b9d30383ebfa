"""The root of the Lambda functions: makes the Chalice app and registers its doors."""

from chalice.app import Chalice

from chalicelib.api import bare, enveloped, enveloped_settings, health
from chalicelib.api.gateway import answer_anything
from chalicelib.api.sockets import sockets
from chalicelib.triggers import triggers

app = Chalice(app_name="switchboard")
app.experimental_feature_flags.update(["WEBSOCKETS"])
answer_anything(app)
for doorway in (health.doorway, enveloped.doorway, enveloped_settings.doorway, bare.doorway):
    app.register_blueprint(doorway.blueprint)
app.register_blueprint(sockets)
app.register_blueprint(triggers)
