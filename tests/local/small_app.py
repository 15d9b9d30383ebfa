"""A Chalice app of a few lines, with every kind of handler that the local stack calls."""

import json
import threading
import time
from typing import Any

import boto3
from chalice.app import Chalice, CORSConfig, Response


def make_app() -> Any:
    app: Any = Chalice(app_name="small")
    app.experimental_feature_flags.update(["WEBSOCKETS"])
    app.websocket_api.session = boto3.Session(region_name="us-east-1")
    app.api.binary_types = ["image/png"]
    app.seen = []

    @app.route("/things/{id}", methods=["GET", "POST"], cors=CORSConfig(allow_origin="http://localhost"))
    def thing(id):  # noqa: A002
        request = app.current_request
        return {
            "id": id,
            "query": dict(request.query_params or {}),
            "body": request.json_body,
            "context": sorted(request.context),
            "came": request.context["requestTimeEpoch"],
            "thread": threading.current_thread().name,
        }

    @app.route("/edge")
    def edge():
        return _of_the_edge(app.current_request.headers)

    @app.route("/slow")
    def slow():
        time.sleep(0.5)
        return {"path": app.current_request.context["path"]}

    @app.route("/picture")
    def picture():
        return Response(b"\x89PNG\x00", headers={"Content-Type": "image/png"})

    @app.route("/cookies")
    def cookies():
        return Response("", headers={"Set-Cookie": ["a=1", "b=2"]}, status_code=204)

    @app.route("/upload", methods=["POST"], content_types=["image/png", "application/json"])
    def upload():
        return {"size": len(app.current_request.raw_body)}

    @app.route("/much/{size}")
    def much(size):
        return Response("x" * int(size), headers={"Content-Type": "text/plain"})

    @app.route("/broken")
    def broken():
        raise KeyError("nobody catches this")

    _add_events(app)
    return app


def _of_the_edge(headers):
    sent = {name.lower(): value for name, value in headers.items()}
    return {name: value for name, value in sent.items() if name.startswith("x-switchboard-")}


def _add_events(app):
    @app.on_ws_connect()
    def connect(event):
        query = event.to_dict()["queryStringParameters"] or {}
        app.edge = _of_the_edge(event.to_dict()["headers"])
        app.seen.append(("connect", query))
        status = query.get("answer", "200")
        body = json.dumps({"said": status})
        return {"statusCode": int(status), "headers": {"Content-Type": "application/json"}, "body": body}

    @app.on_ws_message()
    def message(event):
        app.seen.append(("message", event.body))
        if event.body == "fail":
            raise ValueError("as asked")

    @app.on_ws_disconnect()
    def disconnect(event):
        app.seen.append(("disconnect", event.to_dict()["requestContext"]["disconnectStatusCode"]))

    @app.lambda_function(name="task-state")
    def task_state(event, context):
        app.seen.append(("event", event))
        return {"left": context.get_remaining_time_in_millis() > 0, "name": context.function_name}
