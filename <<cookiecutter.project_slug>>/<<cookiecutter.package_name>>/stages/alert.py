"""People are alerted, once, and no alert is lost: `python -m PACKAGE.stages.alert`."""

from dataclasses import asdict
from typing import Any

import structlog

from ..alerts import reports
from ..alerts.channels import senders
from ..alerts.database import Database
from ..alerts.delivery import Courier
from ..alerts.outbox import Outbox
from ..alerts.reports import overdue, read_report
from ..alerts.signals import Signals
from ..alerts.webhook import ping
from ..config import Config
from ..paths import (
    ALERTS,
    ALERTS_DATABASE,
    DRIFT,
    INCOMING_REPORT,
    METRICS,
    PERFORMANCE,
    PREDICTIONS,
    QUALITY,
    REGISTRY,
)
from ..runtime.artifacts import write_json
from ..runtime.dvc.run import run_id
from ..runtime.dvc.workspace import repository_root
from ..runtime.stage import stage

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Note what the reports give reason for, send what waits, write reports/alerts.json."""
    routes = config.alert
    database = Database(repository_root() / ALERTS_DATABASE)
    outbox = Outbox(database, routes)
    arrived = INCOMING_REPORT.exists() or PREDICTIONS.exists()  # else nothing was predicted yet
    incoming = read_report(INCOMING_REPORT, reports.INCOMING_FIELDS) if arrived else None
    signals = _signals(config, incoming)
    outbox.beat("drift report", str(DRIFT.stat().st_mtime), DRIFT.stat().st_mtime)
    hours = outbox.beat("batch", incoming["sha256"] if incoming else "none")
    signals |= overdue("arrivals", "batch", "error", hours, routes.overdue_h)

    noted = outbox.note(signals)
    courier = Courier(database, routes, name=config.name, run_id=run_id())
    delivery = courier.deliver(senders(routes), 10 * routes.timeout_s)

    raised = [asdict(one) for of_rule in signals.values() for one in of_rule]
    lines = {"sent": delivery.sent, "pending": delivery.pending, "dead": delivery.dead}
    write_json(ALERTS, {"raised": raised, **asdict(noted), **lines})
    counts = {name: len(texts) for name, texts in lines.items()}
    log.info("alerts", raised=len(raised), **counts, suppressed=len(noted.suppressed))
    if delivery.errors:
        raise delivery.errors[0]
    if routes.ping_env:
        ping(routes.ping_env, tuple(routes.hosts), routes.timeout_s, run_id())


def _signals(config: Config, incoming: dict[str, Any] | None) -> Signals:
    most = config.validate.max_quarantined
    signals = reports.from_drift(read_report(DRIFT, reports.DRIFT_FIELDS))
    signals |= reports.from_quality(read_report(QUALITY, reports.QUALITY_FIELDS), most)
    signals |= reports.from_metrics(read_report(METRICS, reports.METRICS_FIELDS))
    if incoming:
        signals |= reports.from_incoming(incoming, most)
    if PERFORMANCE.exists():
        signals |= reports.from_performance(read_report(PERFORMANCE, reports.PERFORMANCE_FIELDS))
    if REGISTRY.exists():  # of another pipeline, so it is no dependency
        signals |= reports.from_registry(read_report(REGISTRY, reports.REGISTRY_FIELDS))
    return signals


if __name__ == "__main__":
    main()
