"""The shapes of what the API tells about sales and customers; shares are between 0 and 1, yen are whole."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from bot.api.shapes import Code, Shape
from segments.best_sellers import Measure

EARLIEST, LATEST = date(1900, 1, 1), date(9000, 1, 1)
NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"


def _believable(day: date) -> date:
    """Take days on which no shop was open for the nearest that may have been: they mean the same, and are dates in UTC."""
    return min(max(day, EARLIEST), LATEST)


Day = Annotated[date, AfterValidator(_believable)]
Limit = Annotated[int, Field(ge=1, le=1000)]


class PeriodIn(Shape):
    """Days of the shop's calendar, both included; without one that side is open."""

    since: Day | None = None
    until: Day | None = None


class BestSellersIn(PeriodIn):
    """What to list."""

    by: Measure = Measure.QUANTITY
    category: Annotated[str, Field(max_length=64, pattern=NO_CONTROLS)] | None = None
    limit: Limit = 20


class F2In(PeriodIn):
    """Within how many days a second purchase counts."""

    days: Annotated[int, Field(ge=1, le=3660)] = 90


class NextIn(Shape):
    """Which product."""

    product: Code
    limit: Limit = 20


class LimitIn(Shape):
    """How many at most."""

    limit: Annotated[int, Field(ge=1, le=50)] = 5


class SoldOut(BaseModel):
    """One product and what was sold of it."""

    code: str
    name: str
    category: str
    quantity: int
    yen: int
    buyers: int


class BestSellersOut(BaseModel):
    """The products that sold best."""

    products: list[SoldOut]


class FollowerOut(BaseModel):
    """One product that buyers of another bought next."""

    code: str
    name: str
    available: bool
    buyers: int
    went_on: int
    share: float
    lift: float


class NextOut(BaseModel):
    """What is bought after a product."""

    product: str
    products: list[FollowerOut]


class RecommendationOut(BaseModel):
    """One product to suggest to a friend, with the reason in words."""

    code: str
    name: str
    price_yen: int
    url: str | None
    image: str | None
    why: str
    reason: str


class RecommendationsOut(BaseModel):
    """What to suggest to one friend, the best first."""

    friend_id: int
    products: list[RecommendationOut]


class F2Row(BaseModel):
    """First-time buyers of one month (None: of all); the rate is None while nobody can be judged."""

    month: date | None
    newcomers: int
    judged: int
    converted: int
    rate: float | None


class F2Out(BaseModel):
    """F2転換率 by month of the first purchase, and of all months together."""

    days: int
    months: list[F2Row]
    total: F2Row


class RepeatOut(BaseModel):
    """リピート率 of a period and of all time."""

    buyers: int
    newcomers: int
    repeaters: int
    rate: float | None
    ever_buyers: int
    ever_repeaters: int
    ever_rate: float | None


class CohortOut(BaseModel):
    """The friends who first bought in one month; place k of the lists is the k-th month after it."""

    month: date
    size: int
    active: list[int]
    yen: list[int]
    value_yen: list[float]
    whole_months: int
    """How many of the months are over."""


class CohortsOut(BaseModel):
    """All cohorts, as they were on one day, with the LTV over all of them."""

    day: date
    cohorts: list[CohortOut]
    value_yen: list[float]


class RfmCellOut(BaseModel):
    """Buyers of one recency and one frequency score."""

    recency: int
    frequency: int
    buyers: int
    yen: int
    monetary: float


class RfmOut(BaseModel):
    """The filled cells of the RFM table and the cuts they were made by."""

    recency_days: list[int]
    purchase_counts: list[int]
    spend_yen: list[int]
    cells: list[RfmCellOut]


class DecileOut(BaseModel):
    """One tenth of the buyers by what they spent; 1 is the highest."""

    decile: int
    at_least_yen: int
    buyers: int
    yen: int
    share: float
    cumulative_share: float
    average_yen: float


class DecilesOut(BaseModel):
    """デシル分析, with the day on which the bounds were measured."""

    day: date | None
    deciles: list[DecileOut]


class MonthOut(BaseModel):
    """What was bought in one month."""

    month: date
    orders: int
    yen: int


class TimesOut(BaseModel):
    """Orders by weekday (0 = Monday) and hour, and by month."""

    orders: list[list[int]]
    months: list[MonthOut]
