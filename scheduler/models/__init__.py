"""The tables of the middle floor, a file a subject."""

from scheduler.models.broadcasts import Broadcast, BroadcastState
from scheduler.models.deliveries import (
    Attempt,
    Chunk,
    ChunkMode,
    ChunkState,
    Delivery,
    DeliveryBody,
    DeliveryKind,
    DeliveryState,
)
from scheduler.models.messages import Message, MessageVersion, Purpose
from scheduler.models.running import Heartbeat, RateBucket
from scheduler.models.scenarios import Enrolment, EnrolmentState, Reentry, Scenario, Step

__all__ = [
    "Attempt",
    "Broadcast",
    "BroadcastState",
    "Chunk",
    "ChunkMode",
    "ChunkState",
    "Delivery",
    "DeliveryBody",
    "DeliveryKind",
    "DeliveryState",
    "Enrolment",
    "EnrolmentState",
    "Heartbeat",
    "Message",
    "MessageVersion",
    "Purpose",
    "RateBucket",
    "Reentry",
    "Scenario",
    "Step",
]
