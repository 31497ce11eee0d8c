"""The command line: each command reads files, does one job, and writes its results to a folder of its own.

Exit codes: 0 done, 1 the work found faults or failed, 2 wrong usage. Results go to `--out`, never over an older run
without `--force`; a killed `project` goes on where it was when it is started again.
"""

import errno
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from forecast.cli.board import board
from forecast.cli.desk import allocate, optimize
from forecast.cli.doubt import sensitivity
from forecast.cli.exchange import import_, new, progress, sample
from forecast.cli.projections import check, compare, project, target
from forecast.cli.proof import backtest, calibrate
from forecast.cli.publishing import app, page, report
from forecast.cli.replaying import replay
from forecast.cli.series import baseline
from forecast.cli.updating import update
from forecast.data import doors, tables, workers


class _Commands(click.Group):
    """Turns what goes wrong with somebody's input into one message, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _stopped_by_sigterm():
                return super().invoke(ctx)
        except tables.UserError as error:
            click.echo(doors.shortened(f"forecast: {error}"), err=True)
            ctx.exit(1)
        except OSError as error:  # no room, no right to write, a file where a folder is wanted
            if error.errno == errno.EPIPE:
                raise
            click.echo(doors.shortened(f"forecast: {error.filename or ''}: {error.strerror or error}"), err=True)
            ctx.exit(1)
        except KeyboardInterrupt:
            workers.end()
            click.echo("\nforecast: stopped; the same command goes on from here", err=True)
            ctx.exit(1)


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """Take SIGTERM, by which a service or a queue ends a program, as Ctrl+C: workers end, what is done is kept."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # once is enough
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="forecast")
def main() -> None:
    """Project enrollment in Viet Nam's voluntary social insurance, and see what would meet a target."""


for command in (
    check,
    project,
    compare,
    target,
    optimize,
    allocate,
    board,
    calibrate,
    sensitivity,
    backtest,
    baseline,
    page,
    report,
    new,
    sample,
    import_,
    progress,
    update,
    replay,
    app,
):
    main.add_command(command)
