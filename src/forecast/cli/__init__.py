"""The command line: each command reads files, does one job, and writes its results to a folder of its own.

Exit codes: 0 done, 1 the work found faults or failed, 2 wrong usage. Results go to `--out`, never over an older run
without `--force`; a killed `project` goes on where it was when it is started again.
"""

import errno
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from forecast.cli.board import board
from forecast.cli.communes import communes
from forecast.cli.desk import allocate, optimize
from forecast.cli.doubt import sensitivity
from forecast.cli.exchange import import_, new, progress, sample
from forecast.cli.exporting import export
from forecast.cli.frame import LANGUAGE, WIDTH, Commands, Option
from forecast.cli.projections import check, compare, project, target
from forecast.cli.proof import backtest, calibrate
from forecast.cli.publishing import app, page, report
from forecast.cli.replaying import replay
from forecast.cli.series import baseline
from forecast.cli.updating import update
from forecast.data.messages import LANGS, UserError, translate


class _Commands(Commands):
    """Turns what goes wrong with somebody's input into one message, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _stopped_by_sigterm():
                return super().invoke(ctx)
        except UserError as error:
            _say(str(error))
        except OSError as error:  # no room, no right to write, a file where a folder is wanted
            if error.errno == errno.EPIPE:
                raise
            _say(f"{error.filename or ''}: {_reason(error)}")
        except KeyboardInterrupt:
            from forecast.data import workers

            workers.end()
            click.echo(err=True)
            _say(translate("stopped; the same command goes on from here"))
        return ctx.exit(1)


def _say(message: str) -> None:
    from forecast.data import doors

    click.echo(doors.shortened(f"forecast: {message}"), err=True)


def _reason(error: OSError) -> str:
    """Return why the system refused, in words of ours for what is common."""
    common = {
        errno.ENOSPC: translate("no space is left on the disk"),
        errno.EACCES: translate("there is no right to read or write it"),
        errno.EPERM: translate("there is no right to read or write it"),
        errno.EROFS: translate("there is no right to read or write it"),
        errno.ENOTDIR: translate("a file stands where a folder is wanted"),
        errno.EEXIST: translate("a file stands where a folder is wanted"),
        errno.EISDIR: translate("a folder stands where a file is wanted"),
        errno.ENOENT: translate("there is no such file or folder"),
    }
    return common.get(error.errno or 0, error.strerror or str(error))


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


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH})
@click.version_option(
    package_name="forecast", message="%(prog)s %(version)s", cls=Option, help="Show the version and exit."
)
def main() -> None:
    """Project enrollment in Viet Nam's voluntary social insurance, and see what would meet a target."""
    asked = os.environ.get(LANGUAGE, "")
    if asked not in ("", *LANGS):
        raise click.UsageError(translate("FORECAST_LANG: {asked!r}; expected vi or en", asked=asked))


for command in (
    check,
    project,
    target,
    compare,
    optimize,
    allocate,
    board,
    report,
    app,
    sample,
    import_,
    new,
    progress,
    communes,
    update,
    backtest,
    calibrate,
    sensitivity,
    baseline,
    export,
    replay,
    page,
):
    main.add_command(command)
