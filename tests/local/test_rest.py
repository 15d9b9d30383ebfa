import asyncio
import gzip
import io
import json
import time

import pytest

from chalicelib.domain.edge import CATCH_ALL
from infra.local.functions import Reserved
from infra.local.rest import PAYLOAD_LIMIT
from infra.template import TEMPLATE, load_template
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


def test_a_request_says_when_it_came():
    before = time.time_ns() // 1_000_000
    _, body = asked_json("GET", "/things/1")
    assert before <= body["came"] <= time.time_ns() // 1_000_000


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
    assert (status, body["code"], body["status_code"]) == (413, "BODY_TOO_LARGE", 413)
    assert body["error"] == body["message"]
    assert "POST /v1/sessions/{id}/media" in body["message"], "where a large file goes"


MB = 1024 * 1024


@pytest.mark.parametrize(
    ("kind", "size", "status"),
    [
        # In base64 it is a third more.
        ("image/png", 4 * MB, 200),
        ("image/png", 5 * MB, 413),
        ("application/json", 5 * MB, 200),
        ("application/json", 7 * MB, 413),
    ],
)
def test_a_body_is_refused_over_what_lambda_takes(kind, size, status):
    said = asked("POST", "/upload", data=io.BytesIO(b"x" * size), headers={"Content-Type": kind})
    assert said[0] == status
    assert json.loads(said[2]).get("code") == (None if status == 200 else "BODY_TOO_LARGE")


@pytest.mark.parametrize(("size", "status"), [(5 * MB, 200), (7 * MB, 502)])
def test_an_answer_over_what_lambda_takes_is_a_failure(size, status):
    assert asked("GET", f"/much/{size}")[0] == status


def test_an_answer_that_takes_too_long_is_a_gateway_timeout():
    status, headers, body = asked("GET", "/slow", timeout_s=0.1)
    assert (status, headers["Access-Control-Allow-Origin"]) == (504, "*")
    assert json.loads(body)["code"] == "UNAVAILABLE"


def test_what_no_resource_takes_goes_to_the_function_as_the_template_says():
    body = load_template(TEMPLATE).resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    assert {CATCH_ALL, "/"} <= set(body)
    for path in ("/nowhere", "/things", "/things/1/2", "//elsewhere/things/1"):
        # Chalice's own refusal, from within the function: the small app has no other.
        status, said = asked_json("GET", path, headers={"Authorization": "Bearer secret"})
        assert (status, said["Code"]) == (405, "MethodNotAllowedError")
        assert "secret" not in str(said)


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


def test_what_the_gateway_says_by_itself_has_what_every_family_looks_for():
    for kind, said in load_template(TEMPLATE).resources["RestAPI"]["Properties"]["GatewayResponses"].items():
        body = json.loads(said["ResponseTemplates"]["application/json"])
        assert body["success"] is False, kind
        assert body["error"] == body["message"]
        assert body["code"].isupper()
        assert said["ResponseParameters"]["Headers"]["Access-Control-Allow-Origin"] == "'*'"
        assert body["request_id"] == "$context.extendedRequestId"
        assert said["ResponseParameters"]["Headers"]["Strict-Transport-Security"].startswith("'max-age=")


def test_it_names_the_request_and_says_nothing_of_https_over_http():
    status, headers, body = asked("POST", "/things/1", data=io.BytesIO(b"x" * (10 * 1024 * 1024 + 1)))
    assert status == 413
    assert json.loads(body)["request_id"] == headers["x-amz-apigw-id"]
    assert "Strict-Transport-Security" not in headers


def test_calls_of_a_function_with_a_concurrency_of_its_own_are_in_nobody_s_way():
    apart = Reserved("Polls", 2)

    async def ask():
        async with serving(apart={("GET", "/slow"): apart}) as served:

            async def status(path):
                async with served.http.get(f"{served.url}{path}") as answer:
                    return answer.status, await answer.json()

            many = [asyncio.create_task(status("/slow?x=1")) for _ in range(12)]
            beside, _ = await status("/things/1")
            return beside, [await one for one in many], await status("/slow")

    beside, many, after = asyncio.run(ask())
    assert (beside, after[0]) == (200, 200)
    assert sorted(code for code, _ in many) == [200] * 2 + [500] * 10
    assert {body["code"] for code, body in many if code == 500} == {"UNAVAILABLE"}


def test_a_compressed_body_reaches_the_function_as_it_was_sent():
    body = gzip.compress(b"x" * 1000)
    headers = {"Content-Type": "image/png", "Content-Encoding": "gzip"}
    assert asked_json("POST", "/upload", data=body, headers=headers) == (200, {"size": len(body)})
