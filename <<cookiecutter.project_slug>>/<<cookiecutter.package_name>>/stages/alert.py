"""People are told, once, and none is forgotten: `python -m PACKAGE.stages.alert`."""

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import structlog

from ..config import Config
from ..monitor.alerts import Outbox, alerts_from, to_log, to_webhook
from ..runtime.artifacts import write_json
from ..runtime.stage import stage
from ..runtime.tracking import root
from .drift import DRIFT
from .validate import QUALITY

ALERTS = Path("reports/alerts.json")
OUTBOX = "alerts.db"

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Raise what the reports give reason for, send what waits, write reports/alerts.json."""
    routes = config.alert
    outbox = Outbox(root() / OUTBOX)
    drift, quality = (json.loads(path.read_text(encoding="utf-8")) for path in (DRIFT, QUALITY))

    raised = alerts_from(drift, quality, config.validate.max_quarantined)
    for alert in raised:
        outbox.add(alert, routes.channels, timedelta(minutes=routes.suppress_min))
    senders = {"log": to_log, "webhook": to_webhook(routes.webhook_env or "")}
    delivery = outbox.deliver({channel: senders[channel] for channel in routes.channels})

    write_json(ALERTS, {"raised": [asdict(alert) for alert in raised]} | asdict(delivery))
    log.info("alerts", raised=len(raised), sent=len(delivery.sent), pending=len(delivery.pending))


if __name__ == "__main__":
    main()
