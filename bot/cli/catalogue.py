"""newsbell topics list, show: the alias catalogue."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.settings import load

app = typer.Typer(no_args_is_help=True, help="The catalogue of topics.")


@app.command("list")
def list_(context: typer.Context, search: Annotated[str, typer.Argument(help="Part of a name.")] = "") -> None:
    """The topics that can be followed by name."""
    from bot.topics import Catalogue

    catalogue = Catalogue.load(load(context.obj).topics.catalogue)
    console = Console()
    table = Table("topic", "kind", "also known as", box=None)
    for entity in catalogue.search(search):
        names = dict.fromkeys(alias.text for alias in entity.written if alias.text != entity.name)
        table.add_row(entity.name, entity.kind.replace("_", " "), ", ".join(list(names)[:6]))
    console.print(table)


@app.command()
def show(context: typer.Context, name: Annotated[str, typer.Argument(help="A topic, as in /subscribe.")]) -> None:
    """How a topic is understood, with every alias."""
    from bot.topics import Catalogue, resolve

    catalogue = Catalogue.load(load(context.obj).topics.catalogue)
    topic = resolve(name, catalogue)
    console = Console(highlight=False)
    console.print(topic.name, style="bold", markup=False)
    console.print(topic.reading, markup=False)
    for entity in (catalogue.entities[known] for known in topic.entities):
        table = Table(
            "alias", "kind", title=f"{entity.name} ({entity.kind.replace('_', ' ')})", title_justify="left", box=None
        )
        for alias in entity.written:
            table.add_row(alias.text, alias.kind)
        console.print(table)
    for other in topic.alternatives:
        console.print(f"It could also mean: {other}", markup=False)
