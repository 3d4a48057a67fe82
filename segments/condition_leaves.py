"""Every leaf of a condition tree, by name: one question about a friend each, as typed values.

To add one, write its class beside its like in segments.leaves (fields, SQL, edges, words) and name it here.
Days are those of the shop's calendar (segments.leaves.ranges says how they are counted).
"""

from typing import get_args

from segments.leaves.birthdays import Age, BirthdayIn, BirthdayWithin
from segments.leaves.bought import Bought
from segments.leaves.chance import RandomShare
from segments.leaves.cycles import DueWithin, InCycle, Overdue
from segments.leaves.friends import (
    Blocked,
    CameBy,
    EmailKnown,
    Everyone,
    Followed,
    MemberLinked,
    OffersOptedOut,
    OneOf,
    OptedIn,
    OptedOut,
    Reachable,
    Speaks,
)
from segments.leaves.ladders import InClass, InGrowth, InStage, InStatus, StageChanged, Suppressed
from segments.leaves.moments import (
    Complained,
    FirstPurchase,
    FreeItemClaimed,
    LastContacted,
    LastPurchase,
    LastReaction,
    Subscribed,
)
from segments.leaves.node import LONGEST_LIST as LONGEST_LIST
from segments.leaves.own_fields import FieldContains, FieldDate, FieldIs, FieldKnown, FieldNumber
from segments.leaves.reactions import Answered, InAudience, Tapped
from segments.leaves.rewards import CouponExpiring, HasCoupon, UsedCoupon, WasReferred
from segments.leaves.scores import FavouriteCategory, InDecile, InLoyalty, InRfm
from segments.leaves.sums import (
    AnswerCount,
    EventsJoined,
    MessageCount,
    Points,
    ProductCount,
    PurchaseCount,
    ReferralCount,
    Spend,
    TapCount,
)
from segments.leaves.tagging import Match as Match
from segments.leaves.tagging import Tagged
from segments.leaves.trust import InTheRed, Trust

OfLadders = InStage | InGrowth | InClass | InStatus | Suppressed | StageChanged
OfPurchases = (
    PurchaseCount
    | Spend
    | ProductCount
    | FirstPurchase
    | LastPurchase
    | Bought
    | Subscribed
    | FreeItemClaimed
)
OfCycles = InCycle | DueWithin | Overdue
OfScores = InRfm | InDecile | InLoyalty | FavouriteCategory
OfReactions = (
    LastReaction | LastContacted | TapCount | MessageCount | AnswerCount | Tapped | Answered | InAudience
)
OfRewards = HasCoupon | UsedCoupon | CouponExpiring | Points | ReferralCount | WasReferred
OfCare = EventsJoined | Complained | Trust | InTheRed
OfFriend = (
    Everyone
    | Speaks
    | CameBy
    | OptedIn
    | OptedOut
    | OffersOptedOut
    | Blocked
    | Reachable
    | MemberLinked
    | EmailKnown
    | Followed
)
OfBirthday = BirthdayWithin | BirthdayIn | Age
OfFields = FieldIs | FieldContains | FieldKnown | FieldNumber | FieldDate
OfChoice = Tagged | OneOf | RandomShare

Leaf = (
    OfLadders
    | OfPurchases
    | OfCycles
    | OfScores
    | OfReactions
    | OfRewards
    | OfCare
    | OfFriend
    | OfBirthday
    | OfFields
    | OfChoice
)

LEAVES = get_args(Leaf)
"""The classes of all leaves."""
