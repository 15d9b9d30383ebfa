import asyncio
import io
import json

from infra.local.rest import PAYLOAD_LIMIT
from infra.local.settings import TEMPLATE
from infra.local.template import load_template
from tests.local.serving import serving


def asked(method, path, *, timeout_s=29.0, **options):
    async def ask():
        async with serving(timeout_s) as served, served.http.request(method, served.url + path, **options) as answer:
            return answer.status, answer.headers.copy(), await answer.read(), answer

    status, headers, body, _ = asyncio.run(ask())
    return status, headers, body


def asked_json(method, path, **options):
    status, _, body = asked(method, path, **options)
    return status, json.loads(body)


def test_a_request_reaches_its_view_with_all_it_holds():
    status, body = asked_json("POST", "/things/a%20b?x=1%2B1", json={"k": "v"})
    assert status == 200
    assert (body["id"], body["query"], body["body"]) == ("a b", {"x": "1+1"}, {"k": "v"})
    assert {"requestId", "identity", "path", "httpMethod"} <= set(body["context"])


def test_requests_at_the_same_time_keep_apart():
    async def ask_both():
        async with serving() as served:

            async def ask(name):
                async with (
                    served.http.get(f"{served.url}/slow?{name}") as slow,
                    served.http.get(f"{served.url}/things/{name}") as quick,
                ):
                    return (await slow.json())["path"], (await quick.json())["id"]

            return await asyncio.gather(*(ask(str(number)) for number in range(4)))

    assert asyncio.run(ask_both()) == [("/slow", str(number)) for number in range(4)]


def test_a_body_over_the_limit_is_refused():
    status, body = asked_json("POST", "/things/1", data=io.BytesIO(b"x" * (PAYLOAD_LIMIT + 1)))
    assert (status, body) == (413, {"message": "Request Too Long"})


def test_an_answer_that_takes_too_long_is_a_gateway_timeout():
    assert asked_json("GET", "/slow", timeout_s=0.1) == (504, {"message": "Endpoint request timed out"})


def test_an_unknown_path_is_answered_as_the_gateway_does():
    answers = load_template(TEMPLATE).resources["RestAPI"]["Properties"]["GatewayResponses"]
    described = answers["MISSING_AUTHENTICATION_TOKEN"]
    expected = json.loads(described["ResponseTemplates"]["application/json"])
    assert asked_json("GET", "/nowhere") == (int(described["StatusCode"]), expected)
    _, _, body = asked("GET", "/nowhere", headers={"Authorization": "Bearer secret"})
    assert b"secret" not in body


def test_a_path_that_begins_with_two_slashes_is_unknown():
    status, _ = asked_json("GET", "//elsewhere/things/1")
    assert status == 404


def test_a_view_that_fails_is_an_error_of_the_server():
    assert asked("GET", "/broken")[0] == 500


def test_a_picture_comes_as_bytes():
    status, headers, body = asked("GET", "/picture", headers={"Accept": "image/png"})
    assert (status, headers["Content-Type"], body) == (200, "image/png", b"\x89PNG\x00")


def test_binary_bodies_arrive_whole():
    status, body = asked_json("POST", "/upload", data=b"\x89PNG\x00\xff", headers={"Content-Type": "image/png"})
    assert (status, body) == (200, {"size": 6})


def test_headers_may_come_twice():
    assert asked("GET", "/cookies")[1].getall("Set-Cookie") == ["a=1", "b=2"]


def test_the_gateway_answers_a_preflight_by_itself():
    status, headers, _ = asked("OPTIONS", "/things/1", headers={"Origin": "http://localhost:3000"})
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "http://localhost")


def test_text_that_is_no_utf8_is_answered_all_the_same():
    assert asked("POST", "/things/1", data=b"\xff", headers={"Content-Type": "application/json"})[0] == 400
