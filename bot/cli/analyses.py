"""`kokyaku analyse`: what sells, who comes back, what customers are worth; docs/analysis.md defines every figure."""

import click

from bot.cli import analyses_customers as customers
from bot.cli import analyses_sales as sales


@click.group()
def analyse() -> None:
    """Analyse purchases: best sellers, what is bought next, F2, repeaters, cohorts, RFM, deciles."""


for command in (
    sales.best,
    sales.following,
    sales.recommend,
    sales.times,
    customers.f2,
    customers.repeat,
    customers.cohort_table,
    customers.ltv,
    customers.rfm_table,
    customers.decile_table,
    customers.loyalty,
):
    analyse.add_command(command)
