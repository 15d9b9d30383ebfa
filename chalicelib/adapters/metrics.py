"""Figures for alarms and the dashboard, in CloudWatch's embedded metric format.

A figure is a line in the functions' log, from which CloudWatch makes a metric: no call of AWS's is made, and a function
needs no permission for it. The metrics have no dimensions, so figures of all functions are one metric.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import logging
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from chalicelib.services.ports import Clock, Figure

log = logging.getLogger(__name__)

SECONDS: Final = frozenset({Figure.STARTING_SECONDS})
"""Figures whose unit isn't a count."""


class EmbeddedMetrics(Struct, frozen=True):
    """The Metrics port; an empty ``namespace`` has the figures logged, and no metrics made of them."""

    namespace: str
    clock: Clock

    def record(self, figures: Mapping[Figure, float], **about: str) -> None:
        """Log the figures in one line; Lambda's JSON logs have the fields of a record at the outermost level."""
        values = {str(figure): value for figure, value in figures.items()}
        log.info("figures", extra={**about, **values, **self._directive(figures)})

    def _directive(self, figures: Mapping[Figure, float]) -> dict[str, object]:
        if not self.namespace:
            return {}
        metrics = [{"Name": str(one), "Unit": "Seconds" if one in SECONDS else "Count"} for one in figures]
        directive = {"Namespace": self.namespace, "Dimensions": [[]], "Metrics": metrics}
        return {"_aws": {"Timestamp": self.clock(), "CloudWatchMetrics": [directive]}}
