"""People are alerted, once, and no alert is lost: `python -m PACKAGE.stages.alert`."""

from dataclasses import asdict
from datetime import timedelta

import structlog

from ..config import Config
from ..monitor.alerts import (
    DRIFT_FIELDS,
    INCOMING_FIELDS,
    METRICS_FIELDS,
    PERFORMANCE_FIELDS,
    QUALITY_FIELDS,
    alerts_from,
    read_report,
    to_log,
)
from ..monitor.outbox import Outbox
from ..monitor.webhook import to_webhook
from ..paths import ALERTS, DRIFT, INCOMING_REPORT, METRICS, PERFORMANCE, PREDICTIONS, QUALITY
from ..runtime.artifacts import write_json
from ..runtime.dvc.workspace import repository_root
from ..runtime.stage import stage

OUTBOX = "alerts.db"

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Raise what the reports give reason for, send what waits, write reports/alerts.json."""
    routes = config.alert
    drift = read_report(DRIFT, DRIFT_FIELDS)
    quality = read_report(QUALITY, QUALITY_FIELDS)
    metrics = read_report(METRICS, METRICS_FIELDS)
    arrived = INCOMING_REPORT.exists() or PREDICTIONS.exists()  # else nothing was predicted yet
    incoming = read_report(INCOMING_REPORT, INCOMING_FIELDS) if arrived else None
    labelled = PERFORMANCE.exists()
    performance = read_report(PERFORMANCE, PERFORMANCE_FIELDS) if labelled else None

    outbox = Outbox(repository_root() / OUTBOX)
    raised = alerts_from(
        *(drift, quality, metrics),
        incoming=incoming,
        max_quarantined=config.validate.max_quarantined,
        performance=performance,
    )
    window = timedelta(minutes=routes.suppress_min)
    suppressed = [
        f"{channel}: {alert.subject}"
        for alert in raised
        for channel in outbox.add(alert, routes.channels, window)
    ]
    senders = {"log": to_log, "webhook": to_webhook(routes.webhook_env or "", routes.timeout_s)}
    delivery = outbox.deliver(
        {channel: senders[channel] for channel in routes.channels}, 10 * routes.timeout_s
    )

    report = {"raised": [asdict(alert) for alert in raised], **asdict(delivery)}
    write_json(ALERTS, report | {"suppressed": suppressed})
    log.info(
        "alerts",
        raised=len(raised),
        sent=len(delivery.sent),
        pending=len(delivery.pending),
        suppressed=len(suppressed),
    )


if __name__ == "__main__":
    main()
