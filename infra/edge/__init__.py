"""The edge in the cloud: a CloudFront Function (viewer request, cloudfront-js-2.0) made from the one edge table.

What the distribution around it must have:

- two origins, with the ids ``rest`` (the REST API's host, OriginPath ``/api``, the stage) and ``websocket`` (the
  WebSocket API's host, no OriginPath: the function sets the whole path, since ``/api/`` would be another one);
- on both, the origin custom header ``X-Switchboard-Edge`` with the current value of the functions' setting EDGE_SECRET
  (origin custom headers replace a client's of the same name). The functions refuse requests without it; behind it,
  ``X-Switchboard-Viewer``, which this function overwrites with the address that connected to CloudFront, counts as the
  caller's address, and ``X-Switchboard-Host`` as the name that it called;
- the origin request policy AllViewerExceptHostHeader (b689b0a8-53d0-40ab-baf2-68738e2966ac): API Gateway refuses a
  foreign Host, and the headers of the WebSocket handshake must pass; the cache policy CachingDisabled
  (4135ea2d-6df8-44a3-9df3-4b5a84be39ad).
"""

from infra.edge.function import function_code

__all__ = ["function_code"]
