//! A process, told layer by layer: event, command, event, command.

mod layer;
mod remark;
mod row;
mod unfolding;
mod who;

pub(crate) use unfolding::Unfolding;
