//! Messages in few lines: what is derived is always the same.

/// Events, each with its fields.
macro_rules! events {
    ($($name:ident { $($field:ident: $type:ty),* })+) => {$(
        #[derive(procession::Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
        pub(crate) struct $name { $(pub(crate) $field: $type),* }
    )+};
}

/// Commands, each with its fields; the first one is the id of the instance that it is addressed to.
macro_rules! commands {
    ($($name:ident to $to:ident { $id:ident: $id_type:ty $(, $field:ident: $type:ty)* })+) => {$(
        #[derive(procession::Command, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
        #[command(to = $to, id = $id)]
        pub(crate) struct $name { pub(crate) $id: $id_type, $(pub(crate) $field: $type),* }
    )+};
}

pub(crate) use {commands, events};
