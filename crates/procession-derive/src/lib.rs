//! Derives for messages: `Event`, `PublicEvent`, `Command` and `Events`. They write plumbing only; no control flow hides in them.

mod events;
mod message;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct an event.
///
/// `#[event(name = "...")]` gives it another name than the type's own, `#[event(version = 2)]` another version of
/// its shape than 1. `#[event(version = 2, upcast_from = Older)]` names the shape that it had before: a struct with the
/// same name in the log and the version before, from which this one is made by `From`.
#[proc_macro_derive(Event, attributes(event))]
pub fn event(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    message::event(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes a struct a public event. `#[public_event(...)]` takes what `#[event(...)]` does.
#[proc_macro_derive(PublicEvent, attributes(public_event))]
pub fn public_event(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    message::public_event(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes a struct a command: `#[command(to = TheDecider, id = the_field)]`.
///
/// The field names the instance, by its `Display`. `name`, `version` and `upcast_from` as for events.
#[proc_macro_derive(Command, attributes(command))]
pub fn command(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    message::command(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes an enum, whose variants hold one event each, the events of a stream. `#[ends]` marks those that end an instance.
#[proc_macro_derive(Events, attributes(ends))]
pub fn events(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    events::events(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
