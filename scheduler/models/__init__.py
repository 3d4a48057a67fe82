"""The tables of the middle floor, a file a subject."""

from scheduler.models.broadcasts import Broadcast, BroadcastResult, BroadcastState, Through
from scheduler.models.campaigns import CampaignDay
from scheduler.models.decisions import Decision
from scheduler.models.deliveries import (
    Attempt,
    Chunk,
    ChunkMode,
    ChunkState,
    Delivery,
    DeliveryBody,
    DeliveryKind,
    DeliveryState,
    LostTry,
)
from scheduler.models.messages import CONTENT_FORMAT, Message, MessageVersion, Purpose
from scheduler.models.money import MessageMeter, QuotaCheck
from scheduler.models.running import Heartbeat, RateBucket, Saving, Way
from scheduler.models.scenarios import (
    Enrolment,
    EnrolmentState,
    Reentry,
    Scenario,
    Step,
    StepBlock,
    StepKind,
    StepPass,
)

__all__ = [
    "CONTENT_FORMAT",
    "Attempt",
    "Broadcast",
    "BroadcastResult",
    "BroadcastState",
    "CampaignDay",
    "Chunk",
    "ChunkMode",
    "ChunkState",
    "Decision",
    "Delivery",
    "DeliveryBody",
    "DeliveryKind",
    "DeliveryState",
    "Enrolment",
    "EnrolmentState",
    "Heartbeat",
    "LostTry",
    "Message",
    "MessageMeter",
    "MessageVersion",
    "Purpose",
    "QuotaCheck",
    "RateBucket",
    "Reentry",
    "Saving",
    "Scenario",
    "Step",
    "StepBlock",
    "StepKind",
    "StepPass",
    "Through",
    "Way",
]
