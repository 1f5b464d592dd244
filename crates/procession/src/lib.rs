#![doc = include_str!("lib.md")]

#[doc(inline)]
pub use procession_core::{
    After, Application, Command, Context, Decider, DecodeError, Either, Emission, EmissionKind, EncodeError,
    Engine, Event, Events, Failure, Handle, Handlers, InstanceState, InvalidId, Message, MessageType, Module,
    Never, OneOf, Output, Partition, Payload, ProcessMap, Records, Rejection, Saga, Sends, Step, Stream,
    Times, Version, WiringError, WiringErrors, history, log, map, replay, test,
};
#[doc(hidden)]
pub use procession_core::{derived, doc};
#[doc(inline)]
pub use procession_runtime::{
    Clock, ExecuteCommand, ExecuteError, Executed, Instance, Limits, MemoryStore, Quiet, ReadError, Reader,
    RequestError, Runtime, RuntimeBuilder, SendCommand, Sent, StartError, Store, StoreError, SystemClock,
    WaitError, store,
};
#[cfg(feature = "sqlite")]
#[doc(inline)]
pub use procession_sqlite as sqlite;
