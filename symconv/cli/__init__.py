"""Floor 8, the command line: one thin function a command.

Importing this package imports click and nothing heavier, so that `symconv --help` answers at once. Exit codes:
0 all right; 1 a finding (a refuted claim); 2 usage; 3 something could not be run. A user's mistake is one line on
stderr, never a traceback.
"""

from __future__ import annotations

import importlib
import os
import sys

import click

from symconv import __version__

_COMMANDS = {name: f"symconv.cli.{name}" for name in ("derive", "prove", "generate", "verify", "bench")}


class _Lazy(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(_COMMANDS[cmd_name]).command
        return command


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def group() -> None:
    """Derive the gradients of tensor layers, prove every step for all sizes, and generate kernels for them."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run the command line; the exit code."""
    try:
        code = group.main(args=arguments, prog_name="symconv", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as help_text:
        click.echo(help_text.format_message(), err=True)
        return 2
    except click.ClickException as error:
        return _fail(error.format_message(), 2)
    except click.Abort:
        return _fail("interrupted", 130)
    except BrokenPipeError:
        # The reader went away (symconv derive | head): nothing to say, and nowhere to say it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        # By name: the classes live on floors that are heavier to import than this one.
        kinds = {c.__name__ for c in type(error).__mro__}
        if "ToolError" in kinds:
            click.echo(f"symconv: error: {error}", err=True)
            return 3
        if "UserError" in kinds:
            return _fail(str(error), 2)
        raise


def _fail(message: str, code: int) -> int:
    click.echo(f"symconv: error: {' '.join(message.split())}", err=True)
    return code
