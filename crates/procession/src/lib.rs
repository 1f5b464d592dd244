#![doc = include_str!("lib.md")]

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod address;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use address::{InvalidAddress, StoreAddress, StoreOpenError};
#[cfg(feature = "check")]
#[doc(inline)]
pub use procession_check as check;
#[doc(inline)]
pub use procession_core::{
    After, Answered, Application, Branch, Cancel, Cancellation, CircuitBreaker, Command, Context,
    Correlation, Decider, DecodeError, Effect, EffectCallContext, EffectError, EffectPolicy, Either,
    Emission, EmissionKind, Emits, EncodeError, Engine, Event, Events, Fact, Failure, GivenUp, Handle,
    HandlerError, Handlers, Ignored, InstanceState, IntoEffectError, InvalidId, Join, Lifecycle, LinearSaga,
    Message, MessageType, Module, Never, On, OnRejection, OnTimeout, OneOf, Output, Partition, Payload,
    ProcessManager, ProcessMap, Projection, ProjectionError, PublicEvent, Publishes, Reason, Records,
    Rejected, Rejection, Reply, Reschedule, Retries, Rows, Saga, SagaState, Sends, Starts, Step, StepStatus,
    StepWithoutEnd, Stream, Times, Version, WiringError, WiringErrors, history, linear, log, map, replay,
    test,
};
#[doc(hidden)]
pub use procession_core::{derived, doc};
#[cfg(feature = "postgres")]
#[doc(inline)]
pub use procession_postgres as postgres;
#[cfg(feature = "fault-points")]
#[doc(hidden)]
pub use procession_runtime::fault_points;
#[doc(inline)]
pub use procession_runtime::{
    AdvanceError, Clock, Death, ExecuteCommand, ExecuteError, Executed, Health, HealthBounds, Instance,
    Limits, MemoryStore, Operation, Operator, OperatorError, Quiet, ReadError, ReadModel, ReadModelError,
    Reader, ReplyError, RequestError, Requested, Runtime, RuntimeBuilder, SendCommand, Sent, StartError,
    Store, StoreError, SystemClock, Unready, VirtualClock, WaitError, inspect, metrics, store, trace,
};
#[cfg(feature = "sqlite")]
#[doc(inline)]
pub use procession_sqlite as sqlite;
#[cfg(feature = "telemetry")]
#[doc(inline)]
pub use procession_telemetry as telemetry;
